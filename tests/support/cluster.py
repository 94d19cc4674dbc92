"""Three Kafka brokers (tests/servers/kafka) that hold each other's copies."""

import concurrent.futures
import os
import pathlib
import subprocess
import uuid

from confluent_kafka.admin import AdminClient

from servers.ports import HOST, free_port

from .process import ROOT, wait_until


class Cluster:
    def __init__(self, folder: pathlib.Path, nodes: int = 3):
        self.folder = folder
        self.id = str(uuid.uuid4())
        self.nodes = range(1, nodes + 1)
        self.ports = {node: free_port() for node in self.nodes}
        controllers = {node: free_port() for node in self.nodes}
        common = {
            "controller.quorum.voters": ",".join(f"{node}@{HOST}:{port}" for node, port in controllers.items()),
            "offsets.topic.replication.factor": nodes,
            "transaction.state.log.replication.factor": nodes,
            "transaction.state.log.min.isr": nodes - 1,
            "min.insync.replicas": nodes - 1,
        }
        self.settings = {node: common | {
            "node.id": node,
            "listeners": f"PLAINTEXT://{HOST}:{self.ports[node]},CONTROLLER://{HOST}:{controllers[node]}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.ports[node]}",
        } for node in self.nodes}
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(self.start, self.nodes))
        wait_until(lambda: len(self.metadata().brokers) == nodes, 60, f"{nodes} brokers", every=0.2)

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self.ports.values())

    def run(self, command: str, node: int, *arguments):
        subprocess.run([ROOT / "tests" / "servers" / "kafka", command, self.folder / str(node), *map(str, arguments)],
                       check=True, capture_output=True, timeout=120)

    def start(self, node: int):
        settings = [word for key, value in self.settings[node].items() for word in ("--set", f"{key}={value}")]
        self.run("start", node, "--cluster", self.id, "--heap", "256m", "--until-exit-of", os.getpid(), *settings)

    def kill(self, node: int):
        self.run("kill", node)

    def stop(self, node: int):
        self.run("stop", node)

    def freeze(self, node: int):
        self.run("freeze", node)

    def thaw(self, node: int):
        self.run("thaw", node)

    def close(self):
        for node in self.nodes:
            self.kill(node)

    def metadata(self):
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=30)

    def leader(self, topic: str, partition: int = 0) -> int:
        return self.metadata().topics[topic].partitions[partition].leader

    def wait_for_copies(self, count: int, topics: list, seconds: float = 90):
        """Until each partition of these topics has so many copies in sync."""
        def in_sync():
            found = self.metadata().topics
            return all(len(partition.isrs) == count for topic in topics for partition in found[topic].partitions.values())

        wait_until(in_sync, seconds, f"{count} copies in sync of {topics}", every=0.25)
