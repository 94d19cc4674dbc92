#include "admin/topic_queries.hpp"

#include <algorithm>

#include "admin/record_json.hpp"
#include "domain/json.hpp"
#include "domain/wrong_parameters.hpp"

namespace nearline::admin {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t most_bytes = 4 << 20;
/// A log may end in offsets that are never given out (Kafka's transaction markers): silence ends a read.
constexpr milliseconds silence{1'000};
constexpr milliseconds poll_step{200};

Problem no_topic(const std::string& name) {
    return {404, "Not Found", "There is no topic " + quote_json(name) + "; GET /admin/topics lists those there are."};
}

bool all_read(const Cursor& positions, const std::map<int, stream::Watermarks>& logs) {
    return std::all_of(positions.begin(), positions.end(),
                       [&](const auto& at) { return at.second >= logs.at(at.first).end; });
}

/// Of what was read for "the newest", those that are: by time, ties in the order of their offsets.
void keep_newest(std::vector<stream::ConsumedRecord>& records, std::size_t limit) {
    std::stable_sort(records.begin(), records.end(),
                     [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
    if (records.size() > limit) records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(limit));
}

}  // namespace

TopicQueries::TopicQueries(stream::Stream& stream, milliseconds timeout)
    : stream_(stream), admin_(stream.admin(timeout)) {}

TopicQueries::~TopicQueries() = default;

std::string TopicQueries::topics() {
    std::string list;
    auto topics = admin_->topics();
    std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& topic : topics) {
        if (!list.empty()) list += ',';
        list += R"({"name":)" + quote_json(topic.name) + R"(,"partitions":)" + std::to_string(topic.partitions) +
                R"(,"replication_factor":)" + std::to_string(topic.replication_factor) + "}";
    }
    return R"({"topics":[)" + list + "]}";
}

Result<std::string> TopicQueries::topic(const std::string& name) {
    const auto topic = admin_->topic(name);
    if (!topic) return no_topic(name);
    std::string partitions;
    for (const auto& [partition, log] : logs(*topic)) {
        if (!partitions.empty()) partitions += ',';
        partitions += R"({"partition":)" + std::to_string(partition) + R"(,"start":)" + std::to_string(log.start) +
                      R"(,"end":)" + std::to_string(log.end) + "}";
    }
    return R"({"name":)" + quote_json(name) + R"(,"replication_factor":)" + std::to_string(topic->replication_factor) +
           R"(,"partitions":[)" + partitions + "]}";
}

std::map<int, stream::Watermarks> TopicQueries::logs(const stream::TopicInfo& topic) {
    std::map<int, stream::Watermarks> logs;
    for (int partition = 0; partition < topic.partitions; ++partition) {
        logs[partition] = admin_->watermarks({topic.name, partition});
    }
    return logs;
}

Result<std::string> TopicQueries::records(const std::string& name, const std::map<std::string, std::string>& given) {
    const auto query = parse_records_query(given);
    if (!query) return query.error();
    const auto topic = admin_->topic(name);
    if (!topic) return no_topic(name);
    if (query->partition && *query->partition >= topic->partitions) {
        return wrong_parameters(
            {{"/partition", "the topic has partitions 0 to " + std::to_string(topic->partitions - 1)}});
    }
    const auto all = logs(*topic);
    auto positions = first_positions(*query, all);
    auto records = read(name, *query, positions, all);
    if (query->from == RecordsQuery::From::last) keep_newest(records, static_cast<std::size_t>(query->limit));
    std::string list;
    for (const auto& record : records) {
        if (!list.empty()) list += ",\n";
        list += record_to_json(record);
    }
    return R"({"records":[)" + list + R"(],"next":")" + to_string(positions) + "\"}";
}

std::vector<stream::ConsumedRecord> TopicQueries::read(const std::string& topic, const RecordsQuery& query,
                                                       Cursor& positions,
                                                       const std::map<int, stream::Watermarks>& logs) {
    std::vector<stream::ConsumedRecord> records;
    if (all_read(positions, logs) && query.wait == milliseconds(0)) return records;
    const auto reader = stream_.reader();
    std::vector<stream::Position> from;
    for (const auto& [partition, offset] : positions) from.push_back({{topic, partition}, offset});
    reader->assign(from);

    // For the newest of all partitions, each is read to its end, and `limit` records of each are asked for.
    const std::size_t most = static_cast<std::size_t>(query.limit) *
                             (query.from == RecordsQuery::From::last ? std::max<std::size_t>(positions.size(), 1) : 1);
    const bool waits = all_read(positions, logs);
    auto deadline = steady_clock::now() + (waits ? query.wait : silence);
    std::size_t bytes = 0;
    while (records.size() < most && bytes < most_bytes && !stopping_ && steady_clock::now() < deadline) {
        if (!records.empty() && all_read(positions, logs)) break;
        auto batch = reader->poll(most - records.size(), poll_step);
        for (auto& record : batch) {
            bytes += size_of(record);
            positions[record.at.partition] = record.offset + 1;
            records.push_back(std::move(record));
        }
        if (!batch.empty()) deadline = steady_clock::now() + silence;
    }
    return records;
}

std::string TopicQueries::groups() {
    std::string list;
    auto groups = admin_->groups();
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& group : groups) {
        if (!list.empty()) list += ',';
        list += group_json(group);
    }
    return R"({"groups":[)" + list + "]}";
}

std::string TopicQueries::group_json(const stream::GroupInfo& group) {
    std::string partitions;
    std::int64_t sum = 0;
    for (const auto& [at, committed] : admin_->committed(group.name)) {
        const auto end = admin_->watermarks(at).end;
        const auto lag = std::max<std::int64_t>(0, end - committed);
        sum += lag;
        if (!partitions.empty()) partitions += ',';
        partitions += R"({"topic":)" + quote_json(at.topic) + R"(,"partition":)" + std::to_string(at.partition) +
                      R"(,"committed":)" + std::to_string(committed) + R"(,"end":)" + std::to_string(end) +
                      R"(,"lag":)" + std::to_string(lag) + "}";
    }
    return R"({"name":)" + quote_json(group.name) + R"(,"state":)" + quote_json(group.state) + R"(,"members":)" +
           std::to_string(group.members) + R"(,"lag":)" + std::to_string(sum) + R"(,"partitions":[)" + partitions +
           "]}";
}

Result<std::string> TopicQueries::answer(const std::string& path, const std::map<std::string, std::string>& query) {
    const std::string prefix = "/admin/topics/";
    if (path == "/admin/topics") return topics();
    if (path == "/admin/groups") return groups();
    if (path.starts_with(prefix)) {
        const auto rest = path.substr(prefix.size());
        const auto slash = rest.find('/');
        if (slash == std::string::npos) return topic(rest);
        if (rest.substr(slash) == "/records") return records(rest.substr(0, slash), query);
    }
    return Problem{404, "Not Found", "There is no " + path + "."};
}

}  // namespace nearline::admin
