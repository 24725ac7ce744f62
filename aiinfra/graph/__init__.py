"""Every resource a Pulumi program registers, recorded in process: no CLI, no cloud, no credentials."""
