package cli

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
)

func (h *fakeHub) GetWorkHours(context.Context, *v1.GetWorkHoursRequest) (*v1.GetWorkHoursResponse, error) {
	if h.empty {
		return &v1.GetWorkHoursResponse{}, nil
	}
	nine, five := durationpb.New(9*time.Hour), durationpb.New(17*time.Hour)
	return &v1.GetWorkHoursResponse{
		Hours: &v1.WorkHours{
			Zone: "Europe/Berlin", Spans: []*v1.WorkSpan{{Weekday: 0, From: nine, Until: five}, {Weekday: 1, From: nine, Until: five}}, DaysOff: []string{"2026-12-25"},
		},
		FromGroup: "social-team", LiftedUntil: at(22, 30),
	}, nil
}

func (h *fakeHub) SetWorkHours(_ context.Context, q *v1.SetWorkHoursRequest) (*v1.SetWorkHoursResponse, error) {
	return &v1.SetWorkHoursResponse{Hours: q.GetHours()}, nil
}

func (h *fakeHub) LiftWorkHours(context.Context, *v1.LiftWorkHoursRequest) (*v1.LiftWorkHoursResponse, error) {
	return &v1.LiftWorkHoursResponse{}, nil
}

func (h *fakeHub) GetReminders(context.Context, *v1.GetRemindersRequest) (*v1.GetRemindersResponse, error) {
	answer := &v1.GetRemindersResponse{Reminders: &v1.Reminders{PerHour: 4, Every: durationpb.New(45 * time.Minute), MayPauseToday: true}}
	if !h.empty {
		answer.Counts = []*v1.ReminderCount{{Day: "2026-11-22", Kind: "ends_soon", Shown: 31, Answered: 12}, {Day: "2026-11-22", Kind: "terms", Shown: 17, Answered: 17}, {Day: "2026-11-21", Kind: "lesson", Shown: 4}}
	}
	return answer, nil
}

func (h *fakeHub) SetReminders(_ context.Context, q *v1.SetRemindersRequest) (*v1.SetRemindersResponse, error) {
	return &v1.SetRemindersResponse{Reminders: q.GetReminders()}, nil
}

func (h *fakeHub) ListSelfReports(context.Context, *v1.ListSelfReportsRequest) (*v1.ListSelfReportsResponse, error) {
	if h.empty {
		return &v1.ListSelfReportsResponse{}, nil
	}
	return &v1.ListSelfReportsResponse{Reports: []*v1.SelfReport{
		{
			Id: "01890a5d-ac96-774b-bcce-0000000000e2", User: "Lee", UserName: "lee", Device: "laptop", Network: v1.Network_NETWORK_X, Handle: "acme", About: "x/acme",
			LeaseId: leaseID, Text: "I posted a private picture.\nIt is deleted again.", NoticedAt: at(13, 30), ReportedAt: at(14, 2),
		},
		{
			Id: "01890a5d-ac96-774b-bcce-0000000000e1", User: "dana", UserName: "dana", Device: "desk", About: "the\u202e page", Text: "Clicked \x1b[31ma link.",
			NoticedAt: at(9, 0), ReportedAt: at(9, 0),
		},
	}}, nil
}
