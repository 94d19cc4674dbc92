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
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using TopicNames = Owned<rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy>;
using GroupOffsets = Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;

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
    if (!answer) fail(what, "no answer in " + std::to_string(time) + " ms");
    if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(what, rd_kafka_event_error_string(answer.get()));
    }
    return answer;
}

std::string KafkaAdmin::cluster_id() {
    struct FreeText {
        void operator()(char* text) const noexcept { rd_kafka_mem_free(nullptr, text); }
    };
    const std::unique_ptr<char, FreeText> id(rd_kafka_clusterid(client_.get(), to_ms(timeout_)));
    if (!id) fail("can't ask for the cluster's id", "no broker answers");
    return id.get();
}

std::vector<TopicInfo> KafkaAdmin::topics() {
    const rd_kafka_metadata_t* answer = nullptr;
    require(rd_kafka_metadata(client_.get(), 1, nullptr, &answer, to_ms(timeout_)), "can't list topics");
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
    return TopicInfo{name, static_cast<int>(partitions), static_cast<int>(replicas)};
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

std::vector<GroupInfo> KafkaAdmin::groups() {
    const auto until = deadline();
    const auto answer =
        ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, "can't list groups", until,
            [&](const auto* options, auto* answers) { rd_kafka_ListConsumerGroups(client_.get(), options, answers); });
    const auto* result = rd_kafka_event_ListConsumerGroups_result(answer.get());
    std::size_t count = 0;
    const auto* const* errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
    if (count > 0) fail("can't list groups", rd_kafka_error_string(errors[0]));
    const auto* const* listings = rd_kafka_ListConsumerGroups_result_valid(result, &count);
    std::vector<GroupInfo> groups;
    for (std::size_t i = 0; i < count; ++i) {
        const auto state = rd_kafka_ConsumerGroupListing_state(listings[i]);
        groups.push_back(
            {rd_kafka_ConsumerGroupListing_group_id(listings[i]), rd_kafka_consumer_group_state_name(state), 0});
    }
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    if (!groups.empty()) count_members(groups, until);
    return groups;
}

void KafkaAdmin::count_members(std::vector<GroupInfo>& groups, Clock::time_point deadline) {
    std::vector<const char*> names;
    names.reserve(groups.size());
    for (const auto& group : groups) names.push_back(group.name.c_str());
    const auto answer =
        ask(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, "can't describe groups", deadline,
            [&](const auto* options, auto* answers) {
                rd_kafka_DescribeConsumerGroups(client_.get(), names.data(), names.size(), options, answers);
            });
    std::size_t count = 0;
    const auto* const* described = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(answer.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view name = rd_kafka_ConsumerGroupDescription_group_id(described[i]);
        const auto group =
            std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.name == name; });
        if (group == groups.end() || rd_kafka_ConsumerGroupDescription_error(described[i]) != nullptr) continue;
        group->members = static_cast<int>(rd_kafka_ConsumerGroupDescription_member_count(described[i]));
    }
}

std::map<TopicPartition, std::int64_t> KafkaAdmin::committed(const std::string& group) {
    const auto until = deadline();
    std::map<TopicPartition, std::int64_t> offsets;
    settle("can't ask for the offsets of group " + group, until, [&] { return list_offsets(group, until, offsets); });
    return offsets;
}

rd_kafka_resp_err_t KafkaAdmin::list_offsets(const std::string& group, Clock::time_point deadline,
                                             std::map<TopicPartition, std::int64_t>& offsets) {
    // No partitions: all of them.
    const GroupOffsets wanted(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
    std::array<rd_kafka_ListConsumerGroupOffsets_t*, 1> requests{wanted.get()};
    const auto answer =
        ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, "can't ask for the offsets of group " + group, deadline,
            [&](const auto* options, auto* answers) {
                rd_kafka_ListConsumerGroupOffsets(client_.get(), requests.data(), requests.size(), options, answers);
            });
    std::size_t count = 0;
    const auto* const* results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(answer.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto error = rd_kafka_error_code(rd_kafka_group_result_error(results[i]));
        if (error == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) continue;
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
        const auto* list = rd_kafka_group_result_partitions(results[i]);
        for (int each = 0; list != nullptr && each < list->cnt; ++each) {
            const auto& partition = list->elems[each];
            if (partition.offset >= 0) offsets[{partition.topic, partition.partition}] = partition.offset;
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::string ping(AdminClient& client, std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* answer = nullptr;
    const auto error = rd_kafka_metadata(client.get(), 0, nullptr, &answer, to_ms(timeout));
    const Metadata metadata(answer);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return words(error);
    return metadata->broker_cnt > 0 ? "" : "the cluster has no broker";
}

}  // namespace nearline::stream::kafka
