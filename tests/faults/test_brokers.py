"""Three brokers, three copies, two of them in sync at least: one of them may go at any time."""

import contextlib

import pytest

from evidence import settle
from stacks import two_of_each, urls, users_of
from support.cluster import Cluster
from support.load import Load


class Damage:
    """What is done to brokers; each ends when all copies are in sync again."""

    def __init__(self, cluster, stack, load, report):
        self.cluster = cluster
        self.topics = [stack.input_topic, stack.output_topic]
        self.load = load
        self.report = report

    def say(self, what: str, node: int):
        self.report.event(f"{what}: broker {node}, after {self.load.total()} requests")

    def kill_the_leader(self, partition: int):
        node = self.cluster.leader(self.topics[0], partition)
        self.say(f"kill -9 the leader of partition {partition}", node)
        self.cluster.kill(node)
        self.load.wait_for_answers(50)
        self.say("started again", node)
        self.cluster.start(node)
        self.cluster.wait_for_copies(3, self.topics)

    def freeze(self, partition: int):
        node = self.cluster.leader(self.topics[1], partition)
        self.say("SIGSTOP until it is out of sync", node)
        self.cluster.freeze(node)
        try:
            self.cluster.wait_for_copies(2, self.topics)
            self.load.wait_for_answers(50)
        finally:
            self.say("SIGCONT", node)
            self.cluster.thaw(node)
        self.cluster.wait_for_copies(3, self.topics)

    def roll(self, _):
        for node in self.cluster.nodes:
            self.say("SIGTERM, and started again", node)
            self.cluster.stop(node)
            self.cluster.start(node)
            self.cluster.wait_for_copies(3, self.topics)


@pytest.mark.timeout(240)
def test_one_of_three_brokers_goes(tmp_path, size, requests_of, report, chance):
    """Replication factor 3, min.insync.replicas 2. kill -9 of a leader, which is started again; all three rolled;
    one of them frozen until the others go on without it."""
    with contextlib.closing(Cluster(tmp_path / "kafka")) as cluster, \
            two_of_each(tmp_path, bootstrap=cluster.bootstrap, replication_factor=3, mailers=0) as stack:
        count = requests_of(0, 100_000)
        with Load(stack, 8, urls(stack.gateways), seconds=3600, users=users_of(stack, 4), pause=size(0.05, 0)) as load:
            damage = Damage(cluster, stack, load, report)
            plan = size([damage.kill_the_leader], [damage.kill_the_leader, damage.roll, damage.freeze] * 5)
            for n, harm in enumerate(plan):
                load.wait_for_total(n * count // len(plan), 3600)
                load.wait_for_answers(20)
                harm(chance.randrange(stack.partitions))
            load.wait_for_total(count, 3600)
            load.wait_for_answers(20)
        report.event("the load has ended")
        assert not load.lost
        report.check(settle(stack, load))
