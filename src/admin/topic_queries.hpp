#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "admin/records_query.hpp"
#include "domain/problem.hpp"
#include "stream/stream.hpp"

namespace nearline::admin {

/// What operators ask of topics, answered as JSON. Thread-safe, blocks; throws Unavailable when the stream
/// can't answer.
class TopicQueries {
public:
    /// `stream` must outlive it. `timeout`: for each question to the stream.
    explicit TopicQueries(stream::Stream& stream, std::chrono::milliseconds timeout = std::chrono::seconds(5));
    ~TopicQueries();

    /// {"topics":[{"name","partitions","replication_factor"}]}
    std::string topics();
    /// {"name","replication_factor","partitions":[{"partition","start","end"}]}; 404.
    Result<std::string> topic(const std::string& name);
    /// {"records":[…as record_to_json()…],"next":"0:12,1:7"}, `next` being a cursor for the following
    /// call. Bounded by limit and by 4 MiB of records; 404, 400.
    Result<std::string> records(const std::string& topic, const std::map<std::string, std::string>& query);
    /// {"groups":[{"name","state","members","lag","partitions":[{"topic","partition","committed","end","lag"}]}]}
    std::string groups();

    /// Any of these by path and query, as the HTTP API has them ("/admin/topics", …); 404.
    Result<std::string> answer(const std::string& path, const std::map<std::string, std::string>& query);

    /// Lets calls that wait return; for good.
    void stop() noexcept { stopping_ = true; }

private:
    std::map<int, stream::Watermarks> logs(const stream::TopicInfo& topic);
    std::vector<stream::ConsumedRecord> read(const std::string& topic, const RecordsQuery& query, Cursor& positions,
                                             const std::map<int, stream::Watermarks>& logs);
    std::string group_json(const stream::GroupInfo& group);

    stream::Stream& stream_;
    std::unique_ptr<stream::Admin> admin_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace nearline::admin
