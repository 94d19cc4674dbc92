"""The topics that Nearline makes keep what the settings say, on Kafka and in the embedded log."""

from confluent_kafka.admin import AdminClient, ConfigResource

from support.client import Client
from support.process import wait_until
from support.stack import DistributedStack, EmbeddedStack


def test_on_kafka_they_are_made_with_both_retentions(tmp_path):
    stack = DistributedStack(tmp_path, partitions=1, worker_arguments=["--retention", "2h", "--retention-bytes", "64MiB"])
    stack.worker.start()
    topics = [stack.input_topic, stack.output_topic, f"{stack.input_topic}.prediction.dlq", f"{stack.input_topic}.prediction.retry"]
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    asked = admin.describe_configs(
        [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics])
    for answer in asked.values():
        config = answer.result(30)
        assert config["retention.ms"].value == str(2 * 3600 * 1000)
        assert config["retention.bytes"].value == str(64 << 20)
    assert stack.worker.stop() == 0


def test_embedded_the_oldest_records_go_when_they_are_too_much(tmp_path):
    stack = EmbeddedStack(tmp_path, "--partitions", "1", "--retention", "0", "--retention-bytes", "2KiB").start()
    client = Client(stack)
    for _ in range(50):
        assert client.predict().status_code == 200

    def kept():
        answer = client.session.get(f"{stack.admin_url}/admin/topics/{stack.output_topic}", timeout=10)
        [log] = answer.json()["partitions"]
        return log if log["start"] > 0 else None

    log = wait_until(kept, 60, "retention to remove records")
    assert 0 < log["start"] < log["end"] == 50
    assert client.predict().status_code == 200
    assert stack.stop() == 0
