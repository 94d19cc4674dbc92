#include "stream/kafka/admin.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "domain/problem.hpp"

namespace nearline::stream::kafka {
namespace {

template <class T, void (*free)(T*)>
using Owned = std::unique_ptr<T, Free<free>>;
using ConfigResource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using DeleteRecords = Owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using TopicNames = Owned<rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy>;
using GroupList = std::unique_ptr<const rd_kafka_group_list, Free<rd_kafka_group_list_destroy>>;

[[noreturn]] void fail(const std::string& what, const std::string& why) {
    throw Unavailable(what + ": " + why);
}

void require(rd_kafka_resp_err_t error, const std::string& what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, words(error));
}

/// What passes when the cluster has settled, such as right after a topic was made or a broker came back.
bool passes(rd_kafka_resp_err_t error) {
    constexpr std::array passing{
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,      RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR,           RD_KAFKA_RESP_ERR__TRANSPORT};
    return std::find(passing.begin(), passing.end(), error) != passing.end();
}

/// Tries until it is done, or fails for more than the moment; throws Unavailable.
template <class Try>
void settle(const std::string& what, Clock::time_point deadline, Try attempt) {
    auto error = attempt();
    while (passes(error) && Clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        error = attempt();
    }
    require(error, what);
}

std::string name_of(const TopicPartition& at) {
    return at.topic + "[" + std::to_string(at.partition) + "]";
}

}  // namespace

std::shared_ptr<rd_kafka_t> AdminClient::of_group(const std::string& group) {
    const std::lock_guard lock(mutex_);
    if (!group_client_ || group_ != group) {
        // What is committed now: offsets in a transaction that is under way are not waited for.
        const Properties properties{
            {"group.id", group}, {"enable.auto.commit", "false"}, {"isolation.level", "read_uncommitted"}};
        group_client_ = make_client(cluster_, RD_KAFKA_CONSUMER, properties, *this);
        group_ = group;
    }
    rd_kafka_poll(group_client_.get(), 0);
    return group_client_;
}

std::string AdminClient::why(rd_kafka_resp_err_t error, const char* text) const {
    auto reason = text != nullptr ? std::string(text) : words(error);
    constexpr std::array unanswered{RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT,
                                    RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE};
    if (std::find(unanswered.begin(), unanswered.end(), error) == unanswered.end()) return reason;
    return "no answer from " + cluster_.bootstrap + " (" + reason + ")";
}

Event KafkaAdmin::ask(rd_kafka_admin_op_t operation, const std::string& what, Clock::time_point deadline,
                      const Ask& ask) {
    auto* client = client_.get();
    const AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
    const int time = std::max(1, remaining_ms(deadline));
    std::array<char, 256> why{};
    require(rd_kafka_AdminOptions_set_request_timeout(options.get(), time, why.data(), why.size()), what);
    const Queue answers(rd_kafka_queue_new(client));
    ask(options.get(), answers.get());
    Event answer(rd_kafka_queue_poll(answers.get(), time + 100));
    if (!answer) fail(what, client_.why(RD_KAFKA_RESP_ERR__TIMED_OUT));
    const auto error = rd_kafka_event_error(answer.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, client_.why(error, rd_kafka_event_error_string(answer.get())));
    return answer;
}

std::string KafkaAdmin::cluster_id() {
    struct FreeText {
        void operator()(char* text) const noexcept { rd_kafka_mem_free(nullptr, text); }
    };
    const std::unique_ptr<char, FreeText> id(rd_kafka_clusterid(client_.get(), to_ms(timeout_)));
    if (!id) fail("can't ask for the cluster's id", client_.why(RD_KAFKA_RESP_ERR__TIMED_OUT));
    return id.get();
}

std::vector<TopicInfo> KafkaAdmin::topics() {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto error = rd_kafka_metadata(client_.get(), 1, nullptr, &answer, to_ms(timeout_));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("can't list topics", client_.why(error));
    const Metadata metadata(answer);
    std::vector<TopicInfo> topics;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        const auto& topic = metadata->topics[i];
        if (std::string_view(topic.topic).starts_with("__")) continue;  // Kafka's own
        topics.push_back(
            {topic.topic, topic.partition_cnt, topic.partition_cnt > 0 ? topic.partitions[0].replica_cnt : 1});
    }
    std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return topics;
}

std::optional<TopicInfo> KafkaAdmin::topic(const std::string& name) {
    return describe(name, deadline(), false);
}

std::optional<TopicInfo> KafkaAdmin::describe(const std::string& name, Clock::time_point deadline, bool need_leaders) {
    const std::string what = "can't describe topic " + name;
    std::array<const char*, 1> names{name.c_str()};
    const TopicNames wanted(rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
    const auto answer = ask(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, what, deadline, [&](const auto* options, auto* answers) {
        rd_kafka_DescribeTopics(client_.get(), wanted.get(), options, answers);
    });
    std::size_t count = 0;
    const auto* const* topics =
        rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(answer.get()), &count);
    if (count != 1) fail(what, "the answer has " + std::to_string(count) + " topics");
    const auto* error = rd_kafka_TopicDescription_error(topics[0]);
    const auto code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
    require(code, what);

    std::size_t partitions = 0;
    const auto* const* infos = rd_kafka_TopicDescription_partitions(topics[0], &partitions);
    std::size_t replicas = 1;
    if (partitions > 0) rd_kafka_TopicPartitionInfo_replicas(infos[0], &replicas);
    for (std::size_t i = 0; need_leaders && i < partitions; ++i) {
        const auto* leader = rd_kafka_TopicPartitionInfo_leader(infos[i]);
        if (leader == nullptr || rd_kafka_Node_id(leader) < 0) return std::nullopt;
    }
    const char* id = rd_kafka_Uuid_base64str(rd_kafka_TopicDescription_topic_id(topics[0]));
    return TopicInfo{name, static_cast<int>(partitions), static_cast<int>(replicas), id != nullptr ? id : ""};
}

bool KafkaAdmin::create_topic(const std::string& name, const TopicOptions& options) {
    const auto until = deadline();
    const std::string what = "can't create topic " + name;
    std::array<char, 512> why{};
    const NewTopic topic(
        rd_kafka_NewTopic_new(name.c_str(), options.partitions, options.replication_factor, why.data(), why.size()));
    if (!topic) fail(what, why.data());
    const auto set = [&topic](const char* key, std::int64_t value) {
        rd_kafka_NewTopic_set_config(topic.get(), key, std::to_string(value).c_str());
    };
    set("retention.ms", options.retention.count() > 0 ? options.retention.count() : -1);
    set("retention.bytes", options.retention_bytes < 0 ? -1 : options.retention_bytes);
    set("min.insync.replicas", std::max(1, options.replication_factor - 1));

    std::array<rd_kafka_NewTopic_t*, 1> wanted{topic.get()};
    const auto answer = ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, what, until, [&](const auto* admin_options, auto* answers) {
        rd_kafka_CreateTopics(client_.get(), wanted.data(), wanted.size(), admin_options, answers);
    });
    std::size_t count = 0;
    const auto* const* results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
    if (count != 1) fail(what, "the answer has " + std::to_string(count) + " topics");
    const auto error = rd_kafka_topic_result_error(results[0]);
    if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS && error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char* reason = rd_kafka_topic_result_error_string(results[0]);
        fail(what, reason != nullptr ? reason : words(error));
    }
    // The controller knows it; it can be used when the brokers do.
    while (!describe(name, until, true) && Clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::chrono::milliseconds KafkaAdmin::retention(const std::string& topic) {
    const std::string what = "can't ask how long topic " + topic + " keeps its records";
    const ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    std::array<rd_kafka_ConfigResource_t*, 1> wanted{resource.get()};
    const auto answer =
        ask(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, what, deadline(), [&](const auto* options, auto* answers) {
            rd_kafka_DescribeConfigs(client_.get(), wanted.data(), wanted.size(), options, answers);
        });
    std::size_t count = 0;
    const auto* const* resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
    if (count != 1) fail(what, "the answer has " + std::to_string(count) + " topics");
    require(rd_kafka_ConfigResource_error(resources[0]), what);
    const auto* const* entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    const auto* const* found = std::find_if(entries, entries + count, [](const auto* entry) {
        return std::string_view(rd_kafka_ConfigEntry_name(entry)) == "retention.ms";
    });
    const char* value = found != entries + count ? rd_kafka_ConfigEntry_value(*found) : nullptr;
    if (value == nullptr) fail(what, "the answer does not say it");
    return std::chrono::milliseconds(std::max(0LL, std::atoll(value)));
}

Watermarks KafkaAdmin::query_watermarks(const TopicPartition& at, Clock::time_point deadline) {
    Watermarks marks;
    settle("can't ask where " + name_of(at) + " starts and ends", deadline, [&] {
        return rd_kafka_query_watermark_offsets(client_.get(), at.topic.c_str(), at.partition, &marks.start, &marks.end,
                                                remaining_ms(deadline));
    });
    return marks;
}

Watermarks KafkaAdmin::watermarks(const TopicPartition& at) {
    return query_watermarks(at, deadline());
}

std::int64_t KafkaAdmin::offset_at(const TopicPartition& at, std::int64_t timestamp) {
    const auto until = deadline();
    const auto list = to_list({at});
    auto& found = list->elems[0];
    settle("can't ask for an offset of " + name_of(at), until, [&] {
        found.offset = timestamp;
        const auto error = rd_kafka_offsets_for_times(client_.get(), list.get(), remaining_ms(until));
        return error != RD_KAFKA_RESP_ERR_NO_ERROR ? error : found.err;
    });
    return found.offset >= 0 ? found.offset : query_watermarks(at, until).end;
}

void KafkaAdmin::delete_records(const TopicPartition& at, std::int64_t before) {
    const auto until = deadline();
    const std::string what = "can't delete records of " + name_of(at);
    const auto marks = query_watermarks(at, until);
    if (before <= marks.start) return;
    const auto list = to_list({at});
    list->elems[0].offset = std::min(before, marks.end);
    const DeleteRecords wanted(rd_kafka_DeleteRecords_new(list.get()));
    std::array<rd_kafka_DeleteRecords_t*, 1> requests{wanted.get()};
    settle(what, until, [&] {
        const auto answer = ask(RD_KAFKA_ADMIN_OP_DELETERECORDS, what, until, [&](const auto* options, auto* answers) {
            rd_kafka_DeleteRecords(client_.get(), requests.data(), requests.size(), options, answers);
        });
        const auto* deleted = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(answer.get()));
        return deleted->cnt == 1 ? deleted->elems[0].err : RD_KAFKA_RESP_ERR__BAD_MSG;
    });
}

// Groups are not asked for through librdkafka's admin requests to their coordinators: where such a request runs out
// of time before the coordinator is found, librdkafka 2.8 uses it after it has freed it.

std::vector<GroupInfo> KafkaAdmin::groups() {
    GroupList list;
    const auto until = deadline();
    settle("can't list groups", until, [&] {
        const rd_kafka_group_list* answer = nullptr;
        const auto error = rd_kafka_list_groups(client_.get(), nullptr, &answer, remaining_ms(until));
        list.reset(answer);
        return error;
    });
    std::vector<GroupInfo> groups;
    for (int i = 0; i < list->group_cnt; ++i) {
        const auto& group = list->groups[i];
        groups.push_back({group.group, group.state, group.member_cnt});
    }
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return groups;
}

std::map<TopicPartition, std::int64_t> KafkaAdmin::committed(const std::string& group) {
    const auto until = deadline();
    return committed_of(group, topics(), until);
}

std::map<TopicPartition, std::int64_t> KafkaAdmin::committed(const std::string& group, const std::string& topic) {
    const auto until = deadline();
    const auto found = describe(topic, until, false);
    return found ? committed_of(group, {*found}, until) : std::map<TopicPartition, std::int64_t>();
}

std::map<TopicPartition, std::int64_t> KafkaAdmin::committed_of(const std::string& group,
                                                                const std::vector<TopicInfo>& topics,
                                                                Clock::time_point deadline) {
    std::vector<TopicPartition> all;
    for (const auto& topic : topics) {
        for (int partition = 0; partition < topic.partitions; ++partition) all.push_back({topic.name, partition});
    }
    std::map<TopicPartition, std::int64_t> offsets;
    if (all.empty()) return offsets;
    const auto list = to_list(all);
    const auto client = client_.of_group(group);
    settle("can't ask for the offsets of group " + group, deadline,
           [&] { return rd_kafka_committed(client.get(), list.get(), remaining_ms(deadline)); });
    for (int i = 0; i < list->cnt; ++i) {
        const auto& each = list->elems[i];
        if (each.offset >= 0) offsets[{each.topic, each.partition}] = each.offset;
    }
    return offsets;
}

std::string ping(AdminClient& client, std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto error = rd_kafka_metadata(client.get(), 0, nullptr, &answer, to_ms(timeout));
    const Metadata metadata(answer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return client.why(error);
    return metadata->broker_cnt > 0 ? "" : "the cluster has no broker";
}

}  // namespace nearline::stream::kafka
