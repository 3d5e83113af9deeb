package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// workService says when people work and how they are reminded.
type workService struct{ *Server }

func (s workService) SetWorkHours(ctx context.Context, req *v1.SetWorkHoursRequest) (*v1.SetWorkHoursResponse, error) {
	hours, err := hoursOf(req.GetHours())
	if err != nil {
		return nil, err
	}
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.WorkHours, error) {
		return s.Hub.SetWorkHours(ctx, c, req.GetUser(), req.GetGroup(), hours)
	}, func(w keyshift.WorkHours) *v1.SetWorkHoursResponse {
		return &v1.SetWorkHoursResponse{Hours: hoursMessage(w)}
	})
}

func (s workService) GetWorkHours(ctx context.Context, req *v1.GetWorkHoursRequest) (*v1.GetWorkHoursResponse, error) {
	return answer(ctx, s.Server, req, func(c hub.Call) (hub.HoursView, error) {
		return s.Hub.GetWorkHours(ctx, c, req.GetUser(), req.GetGroup())
	}, func(v hub.HoursView) *v1.GetWorkHoursResponse {
		return &v1.GetWorkHoursResponse{Hours: hoursMessage(v.WorkHours), FromGroup: v.FromGroup, LiftedUntil: stamp(v.LiftedUntil)}
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
	return answer(ctx, s.Server, req, func(c hub.Call) (keyshift.Reminders, error) { return s.Hub.GetReminders(ctx, c) },
		func(r keyshift.Reminders) *v1.GetRemindersResponse {
			return &v1.GetRemindersResponse{Reminders: remindersMessage(r)}
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

// hoursMessage is nil if no hours are set.
func hoursMessage(w keyshift.WorkHours) *v1.WorkHours {
	if !w.Set() {
		return nil
	}
	m := &v1.WorkHours{Zone: w.Zone.String()}
	for day, spans := range w.Week {
		for _, span := range spans {
			m.Spans = append(m.Spans, &v1.WorkSpan{Weekday: int32(day), From: durationpb.New(span.From), Until: durationpb.New(span.Until)}) //nolint:gosec // 0 to 6
		}
	}
	for _, day := range w.DaysOff {
		m.DaysOff = append(m.DaysOff, day.String())
	}
	return m
}

// maxSpans and maxDaysOff bound what one user's or group's hours may hold.
const (
	maxSpans   = 70
	maxDaysOff = 400
)

func hoursOf(m *v1.WorkHours) (keyshift.WorkHours, error) {
	zone, err := time.LoadLocation(m.GetZone())
	if err != nil || m.GetZone() == "Local" {
		return keyshift.WorkHours{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "That time zone is not known.", "Use a name of the IANA list, such as Europe/Berlin.")
	}
	if len(m.GetSpans()) > maxSpans || len(m.GetDaysOff()) > maxDaysOff {
		return keyshift.WorkHours{}, keyshift.Invalid(keyshift.CodeFieldInvalid, "These are too many spans or days off.", "Use up to 70 spans a week and 400 days off.")
	}
	w := keyshift.WorkHours{Zone: zone}
	for _, s := range m.GetSpans() {
		span := keyshift.Span{From: s.GetFrom().AsDuration().Truncate(time.Minute), Until: s.GetUntil().AsDuration().Truncate(time.Minute)}
		if err := w.Add(time.Weekday(s.GetWeekday()), span); err != nil {
			return w, err
		}
	}
	for _, text := range m.GetDaysOff() {
		day, err := keyshift.ParseDate(text)
		if err != nil {
			return w, err
		}
		w.DaysOff = append(w.DaysOff, day)
	}
	return w, nil
}
