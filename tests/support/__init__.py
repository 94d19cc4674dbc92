"""What the tests of real binaries share (functional, faults, bench): processes, stacks of services, clients. Everything talks to real binaries."""
