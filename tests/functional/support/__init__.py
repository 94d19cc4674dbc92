"""What functional tests share: processes, stacks of services, clients. Everything talks to real binaries."""
