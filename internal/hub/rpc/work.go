package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/keyshift-hq/keyshift/internal/api"
	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// workService says when people work and how they are reminded.
type workService struct{ *Server }

func (s workService) SetWorkHours(ctx context.Context, req *v1.SetWorkHoursRequest) (*v1.SetWorkHoursResponse, error) {
	hours, err := api.HoursOf(req.GetHours())
	if err != nil {
		return nil, err
	}
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.WorkHours, error) {
		return s.Hub.SetWorkHours(ctx, c, req.GetUser(), req.GetGroup(), hours)
	}, func(w keyshift.WorkHours) *v1.SetWorkHoursResponse {
		return &v1.SetWorkHoursResponse{Hours: api.HoursMessage(w)}
	})
}

func (s workService) GetWorkHours(ctx context.Context, req *v1.GetWorkHoursRequest) (*v1.GetWorkHoursResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.HoursView, error) {
		return s.Hub.GetWorkHours(ctx, c, req.GetUser(), req.GetGroup())
	}, func(v hub.HoursView) *v1.GetWorkHoursResponse {
		return &v1.GetWorkHoursResponse{Hours: api.HoursMessage(v.WorkHours), FromGroup: v.FromGroup, LiftedUntil: stamp(v.LiftedUntil)}
	})
}

func (s workService) LiftWorkHours(ctx context.Context, req *v1.LiftWorkHoursRequest) (*v1.LiftWorkHoursResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (struct{}, error) {
		return struct{}{}, s.Hub.LiftWorkHours(ctx, c, req.GetUser(), momentOf(req.GetUntil()), req.GetReason())
	}, func(struct{}) *v1.LiftWorkHoursResponse { return &v1.LiftWorkHoursResponse{} })
}

func (s workService) SetReminders(ctx context.Context, req *v1.SetRemindersRequest) (*v1.SetRemindersResponse, error) {
	r := req.GetReminders()
	wanted := keyshift.Reminders{PerHour: int(r.GetPerHour()), Every: r.GetEvery().AsDuration(), MayPauseToday: r.GetMayPauseToday()}
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.Reminders, error) { return s.Hub.SetReminders(ctx, c, wanted) },
		func(r keyshift.Reminders) *v1.SetRemindersResponse {
			return &v1.SetRemindersResponse{Reminders: remindersMessage(r)}
		})
}

func (s workService) GetReminders(ctx context.Context, req *v1.GetRemindersRequest) (*v1.GetRemindersResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.RemindersView, error) { return s.Hub.GetReminders(ctx, c) },
		func(v hub.RemindersView) *v1.GetRemindersResponse {
			return &v1.GetRemindersResponse{Reminders: remindersMessage(v.Reminders), Counts: each(v.Counts, countMessage)}
		})
}

// remindersMessage names what counts, not what was left out.
func remindersMessage(r keyshift.Reminders) *v1.Reminders {
	m := &v1.Reminders{PerHour: keyshift.DefaultReminders, Every: durationpb.New(keyshift.DefaultRemindEvery), MayPauseToday: r.MayPauseToday}
	if r.PerHour > 0 {
		m.PerHour = int32(r.PerHour) //nolint:gosec // at most MaxReminders
	}
	if r.Every > 0 {
		m.Every = durationpb.New(r.Every)
	}
	return m
}
