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
	return &v1.GetRemindersResponse{Reminders: &v1.Reminders{PerHour: 4, Every: durationpb.New(45 * time.Minute), MayPauseToday: true}}, nil
}

func (h *fakeHub) SetReminders(_ context.Context, q *v1.SetRemindersRequest) (*v1.SetRemindersResponse, error) {
	return &v1.SetRemindersResponse{Reminders: q.GetReminders()}, nil
}
