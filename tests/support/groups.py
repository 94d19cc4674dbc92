"""Consumer groups, as a client that none of us wrote sees them."""

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from .process import wait_until


def describe(stack, role: str) -> list:
    """The members of the group of a role: gateway, prediction, archive, notification."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap, "log_level": 4})
    group = f"{stack.group_prefix}-{role}-iris"
    return admin.describe_consumer_groups([group], request_timeout=10)[group].result().members


def members(stack, role: str) -> int:
    """How many the broker takes for alive."""
    return len(describe(stack, role))


def shares(stack, role: str, topic: str) -> list:
    """How many of a topic's partitions each has been given."""
    return [sum(each.topic == topic for each in member.assignment.topic_partitions) if member.assignment else 0
            for member in describe(stack, role)]


def wait_for_members(stack, role: str, count: int, seconds: float = 30):
    wait_until(lambda: members(stack, role) == count, seconds, f"{count} members of {role}", every=0.1)


def lag(stack, role: str, topic: str) -> int:
    """Records of a topic that the group has not committed."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap, "log_level": 4})
    partitions = [TopicPartition(topic, number) for number in range(stack.partitions)]
    ends = {at.partition: found.result().offset
            for at, found in admin.list_offsets({at: OffsetSpec.latest() for at in partitions}).items()}
    group = f"{stack.group_prefix}-{role}-iris"
    wanted = ConsumerGroupTopicPartitions(group, partitions)
    committed = admin.list_consumer_group_offsets([wanted])[group].result().topic_partitions
    return sum(ends[at.partition] - max(at.offset, 0) for at in committed)
