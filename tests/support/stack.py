"""Nearline as a user runs it: `nearline up` on embedded parts, or one process for each service on the
real Kafka, MariaDB and schema registry whose addresses script/test hands over."""

import os
import pathlib
import secrets
import subprocess
import urllib.parse

from servers.ports import free_port

from . import client
from .mail import SmtpSink
from .process import BIN, ROOT, Service


class EmbeddedStack:
    kind = "embedded"
    bootstrap = None
    input_topic = "input-topic"
    output_topic = "output-topic"

    def __init__(self, folder: pathlib.Path, *arguments, env: dict | None = None):
        self.folder = folder
        self.env = env
        self.data = folder / "data"
        self.ports = {part: free_port() for part in ("auth", "gateway", "registry", "admin")}
        self.auth_url, self.gateway_url, self.registry_url, self.admin_url = (
            f"http://127.0.0.1:{self.ports[part]}" for part in ("auth", "gateway", "registry", "admin")
        )
        self.arguments = ["up", "--demo-users", "--data", self.data]
        for part, port in self.ports.items():
            self.arguments += [f"--{part}-port", port]
        self.arguments += arguments
        self.service = None

    def start(self, wait: bool = True) -> "EmbeddedStack":
        self.service = Service("nearline", self.arguments, self.folder, self.gateway_url, self.env).start(wait)
        return self

    def stop(self) -> int:
        return self.service.stop()

    def services(self) -> list:
        return [self.service]

    @property
    def archivers(self) -> list:
        return [self.service]

    @property
    def mailers(self) -> list:
        return [self.service]

    @property
    def gateway(self) -> Service:
        return self.service

    @property
    def worker(self) -> Service:
        return self.service

    @property
    def mailer(self) -> Service:
        return self.service

    @property
    def secret(self) -> str:
        return (self.data / "jwt-secret").read_text().strip()


class DistributedStack:
    """auth-svc, gateway-svc, prediction-svc, archive-svc and, where `mailers` says so, notification-svc and a mail
    server, with topics, groups and databases of this stack's own. The gateways take the auth-svcs in turn.
    `kafka` are librdkafka's properties for all services; `through` names the address, for each server's host:port
    ("kafka", "registry", "mysql", "mongodb", "smtp"), by which services reach it."""

    kind = "distributed"

    def __init__(self, folder: pathlib.Path, gateways: int = 1, workers: int = 1, archivers: int = 1, partitions: int = 12, registry_url=None,
                 bootstrap=None, gateway_arguments=(), worker_arguments=(), mailers: int = 0, mailer_arguments=(),
                 auths: int = 1, kafka: dict | None = None, through=lambda server, address: address,
                 replication_factor: int = 1):
        self.folder = folder
        self.name = secrets.token_hex(4)
        self.through = through
        self.bootstrap = bootstrap or os.environ["NEARLINE_TEST_KAFKA"]
        self.registry_url = registry_url or os.environ["NEARLINE_TEST_REGISTRY"]
        self.mysql_url, self.mysql_password = make_database(f"nearline_{self.name}")
        self.archive_url = mongo_database(f"nearline_{self.name}")
        self.secret = secrets.token_hex(32)
        self.input_topic = f"input-topic-{self.name}"
        self.output_topic = f"output-topic-{self.name}"
        self.group_prefix = f"nearline-{self.name}"
        self.partitions = partitions
        self.replication_factor = replication_factor
        self.env = {"JWT_SECRET": self.secret, "MYSQL_PASSWORD": self.mysql_password}
        self.gateway_arguments = gateway_arguments
        self.worker_arguments = worker_arguments
        self.kafka_config = folder / "kafka.properties" if kafka else None
        if kafka:
            folder.mkdir(parents=True, exist_ok=True)
            self.kafka_config.write_text("".join(f"{key}={value}\n" for key, value in kafka.items()))
        self.auths = [self.make_auth() for _ in range(auths)]
        self.auth_url = self.auth.url
        self.gateways = []
        for _ in range(gateways):
            self.gateways.append(self.make_gateway())
        self.workers = [self.make_worker() for _ in range(workers)]
        self.archivers = [self.make_archiver() for _ in range(archivers)]
        self.mailer_arguments = mailer_arguments
        self.smtp = SmtpSink(folder / "smtp") if mailers else None
        self.mailers = [self.make_mailer() for _ in range(mailers)]

    def way_to(self, server: str, url: str) -> str:
        """The URL by which services reach a server."""
        parts = urllib.parse.urlsplit(url)
        user, at, address = parts.netloc.rpartition("@")
        return urllib.parse.urlunsplit(parts._replace(netloc=user + at + self.through(server, address)))

    def topic_arguments(self) -> list:
        return ["--stream", "kafka://" + self.through("kafka", self.bootstrap),
                "--registry", self.way_to("registry", self.registry_url),
                "--input-topic", self.input_topic, "--output-topic", self.output_topic,
                "--group-prefix", self.group_prefix, "--partitions", self.partitions,
                "--replication-factor", self.replication_factor,
                *(["--kafka-config", self.kafka_config] if self.kafka_config else [])]

    def make_auth(self) -> Service:
        port = free_port()
        return Service("auth-svc", ["--port", port, "--listen", "127.0.0.1", "--users", self.way_to("mysql", self.mysql_url)],
                       self.folder, f"http://127.0.0.1:{port}", self.env)

    def make_gateway(self) -> Service:
        port = free_port()
        auth = self.auths[len(self.gateways) % len(self.auths)]
        return Service("gateway-svc", ["--port", port, "--listen", "127.0.0.1", "--auth-url", auth.url,
                                       "--archive", self.way_to("mongodb", self.archive_url), *self.topic_arguments(), *self.gateway_arguments],
                       self.folder, f"http://127.0.0.1:{port}", self.env)

    def make_worker(self) -> Service:
        port = free_port()
        return Service("prediction-svc", ["--admin-port", port, "--listen", "127.0.0.1", *self.topic_arguments(),
                                          *self.worker_arguments],
                       self.folder, f"http://127.0.0.1:{port}", self.env)

    def make_archiver(self) -> Service:
        port = free_port()
        return Service("archive-svc", ["--admin-port", port, "--listen", "127.0.0.1", "--archive", self.way_to("mongodb", self.archive_url),
                                       *self.topic_arguments()],
                       self.folder, f"http://127.0.0.1:{port}", self.env)

    def make_mailer(self, *arguments) -> Service:
        port = free_port()
        return Service("notification-svc", ["--admin-port", port, "--listen", "127.0.0.1",
                                            "--users", self.way_to("mysql", self.mysql_url),
                                            "--mail", self.way_to("smtp", self.smtp.url), "--mail-ca", self.smtp.certificate,
                                            "--mail-from", "Nearline <nearline@example.com>", "--mail-retry", "200ms",
                                            *self.topic_arguments(), *self.mailer_arguments, *arguments],
                       self.folder, f"http://127.0.0.1:{port}", {**self.env, "SMTP_PASSWORD": SmtpSink.password})

    @property
    def auth(self) -> Service:
        return self.auths[0]

    @property
    def mailer(self) -> Service:
        return self.mailers[0]

    @property
    def gateway(self) -> Service:
        return self.gateways[0]

    @property
    def worker(self) -> Service:
        return self.workers[0]

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    def services(self) -> list:
        return [*self.auths, *self.gateways, *self.workers, *self.archivers, *self.mailers]

    def start(self, wait: bool = True) -> "DistributedStack":
        for service in self.services():
            service.start(wait=False)
        if wait:
            for service in self.services():
                service.wait_ready(60)
            self.add_user(client.ADMIN, client.PASSWORD, admin=True)
        return self

    def add_user(self, name: str, password: str, admin: bool = False):
        run_cli(["users", "add", *(["--admin"] if admin else []), "--users", self.mysql_url, name],
                input=password + "\n", env=self.env, check=True)

    def stop(self) -> list:
        codes = [service.stop() for service in reversed(self.services()) if service.process is not None]
        if self.smtp:
            self.smtp.kill()
        return codes


def make_database(name: str) -> tuple[str, str]:
    """A database of one's own on the tests' MariaDB: its URL and the password."""
    url = urllib.parse.urlsplit(os.environ["NEARLINE_TEST_MYSQL"])
    password = os.environ.get("NEARLINE_TEST_MYSQL_PASSWORD", "nearline")
    subprocess.run(["mariadb", "--protocol=tcp", f"--host={url.hostname}", f"--port={url.port}", f"--user={url.username}",
                    f"--password={password}", "--execute", f"CREATE DATABASE `{name}`"], check=True, capture_output=True)
    return f"mysql://{url.username}@{url.hostname}:{url.port}/{name}", password


def mongo_database(name: str) -> str:
    """The URL of a database of one's own on the tests' MongoDB."""
    url = urllib.parse.urlsplit(os.environ["NEARLINE_TEST_MONGODB"])
    return urllib.parse.urlunsplit(url._replace(path=f"/{name}"))


def run_cli(arguments, input: str = "", env: dict | None = None, check: bool = False, timeout: float = 60):
    """`nearline ...`, its output and exit code."""
    return run_program("nearline", arguments, input, env, check, timeout)


def run_program(program: str, arguments, input: str = "", env: dict | None = None, check: bool = False, timeout: float = 60):
    """One of the programs until it ends by itself, its output and exit code."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEARLINE_")}
    run = subprocess.run([str(BIN / program), *map(str, arguments)], input=input, text=True, capture_output=True,
                         env={**clean, **(env or {})}, cwd=ROOT, timeout=timeout)
    assert not check or run.returncode == 0, f"{run.args}: {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run
