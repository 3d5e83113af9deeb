package rpc

import (
	"context"

	v1 "github.com/keyshift-hq/keyshift/internal/api/keyshift/v1"
	"github.com/keyshift-hq/keyshift/internal/hub"
	"github.com/keyshift-hq/keyshift/internal/keyshift"
)

// selfReportService shows what people reported of themselves.
type selfReportService struct{ *Server }

func (s selfReportService) ListSelfReports(ctx context.Context, req *v1.ListSelfReportsRequest) (*v1.ListSelfReportsResponse, error) {
	return pages(ctx, s.Server, req, func(c hub.Call, page hub.Page) ([]hub.SelfReportView, error) {
		return s.Hub.ListSelfReports(ctx, c, page)
	},
		func(r hub.SelfReportView) string { return string(r.ID) },
		func(list []hub.SelfReportView, next string) *v1.ListSelfReportsResponse {
			return &v1.ListSelfReportsResponse{Reports: each(list, selfReportMessage), NextPageToken: next}
		})
}

func selfReportMessage(r hub.SelfReportView) *v1.SelfReport {
	return &v1.SelfReport{
		Id: string(r.ID), User: r.UserShown, UserName: r.UserName, Device: r.DeviceName, Network: networkEnum(r.Network), Handle: r.Handle, About: r.About,
		LeaseId: string(r.LeaseID), Text: r.Text, NoticedAt: stamp(r.NoticedAt), ReportedAt: stamp(r.ReportedAt),
	}
}

func (s agentService) ReportMistake(ctx context.Context, req *v1.ReportMistakeRequest) (*v1.ReportMistakeResponse, error) {
	m := hub.Mistake{Text: req.GetText(), About: req.GetAccount(), LeaseID: keyshift.ID(req.GetLeaseId()), NoticedAt: momentOf(req.GetNoticedAt())}
	return done(ctx, s.Server, req, &v1.ReportMistakeResponse{}, func(c hub.Call) error { return s.Hub.ReportMistake(ctx, c, m) })
}

func (s agentService) Acknowledge(ctx context.Context, req *v1.AcknowledgeRequest) (*v1.AcknowledgeResponse, error) {
	return done(ctx, s.Server, req, &v1.AcknowledgeResponse{}, func(c hub.Call) error { return s.Hub.Acknowledge(ctx, c, req.GetTextId(), req.GetVersion()) })
}

// countsOf reads what a device counted; a day that is none is left out.
func countsOf(list []*v1.ReminderCount) (counts []keyshift.ReminderCount) {
	for _, m := range list {
		if day, err := keyshift.ParseDate(m.GetDay()); err == nil {
			counts = append(counts, keyshift.ReminderCount{Day: day, Kind: m.GetKind(), Shown: m.GetShown(), Answered: m.GetAnswered()})
		}
	}
	return counts
}

func countMessage(c keyshift.ReminderCount) *v1.ReminderCount {
	return &v1.ReminderCount{Day: c.Day.String(), Kind: c.Kind, Shown: c.Shown, Answered: c.Answered}
}
