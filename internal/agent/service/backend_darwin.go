package service

import "github.com/kardianos/service"

// unused is what kardianos/service would run inside the service. Only its installing half is used here.
type unused struct{}

func (unused) Start(service.Service) error { return nil }
func (unused) Stop(service.Service) error  { return nil }

// backend makes the service of kardianos/service for the system called name.
func backend(name string, c *service.Config) (service.Service, error) {
	for _, s := range service.AvailableSystems() {
		if s.String() == name {
			return s.New(unused{}, c)
		}
	}
	return nil, ErrNoServiceSystem
}
