// Command bridge-lint is Benthos with what compiled bridges use of it, for its own `lint`.
//
// The bridge that sites run is UMH's build, whose OPC UA input no module proxy has: its fields stand here as its
// documentation names them, so that what stands around it is linted all the same.
package main

import (
	"context"
	"errors"

	_ "github.com/benthosdev/benthos/v4/public/components/io"
	_ "github.com/benthosdev/benthos/v4/public/components/mqtt"
	_ "github.com/benthosdev/benthos/v4/public/components/pure"
	"github.com/benthosdev/benthos/v4/public/service"
)

func main() {
	fields := service.NewConfigSpec().Fields(
		service.NewStringField("endpoint"),
		service.NewStringField("username").Default(""),
		service.NewStringField("password").Default("").Secret(),
		service.NewStringListField("nodeIDs"),
		service.NewBoolField("subscribeEnabled").Default(false),
	)
	absent := func(*service.ParsedConfig, *service.Resources) (service.Input, error) {
		return nil, errors.New("this build lints, and reads nothing")
	}
	if err := service.RegisterInput("opcua", fields, absent); err != nil {
		panic(err)
	}
	service.RunCLI(context.Background())
}
