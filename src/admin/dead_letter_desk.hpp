#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "admin/letter_page.hpp"
#include "domain/problem.hpp"
#include "stream/stream.hpp"

namespace nearline::admin {

/// Lists, shows, replays and drops dead letters, in pages; answered as JSON. What was replayed or dropped is
/// marked in the same transaction (stream/letter.hpp), by a writer of which there is one for each topic in the
/// whole cluster: however and wherever a replay ends, and whoever else is at it, each letter is replayed once.
/// Thread-safe, blocks; throws Unavailable when the stream can't answer: the same call can be repeated then.
class DeadLetterDesk {
public:
    using Query = std::map<std::string, std::string>;

    /// `stream` must outlive it. `timeout`: for each thing asked of the stream; reading waits up to
    /// 25 s for a transaction that somebody left open.
    explicit DeadLetterDesk(stream::Stream& stream, std::chrono::milliseconds timeout = std::chrono::seconds(15));
    ~DeadLetterDesk();

    /// {"topics":[{"topic","retry_topic"}]}
    std::string topics();
    /// {"letters":[letter_to_json()…],"cursor","until","last"}: where `last` is false, the next page is asked
    /// for with this cursor and this until. Queries are parse_letter_query()'s; 404, 400.
    Result<std::string> list(const std::string& topic, const Query& query);
    /// whole_letter_to_json(); 404 where there is no such letter (any more).
    Result<std::string> show(const std::string& topic, const std::string& partition, const std::string& offset);
    /// Writes a page of letters to the retry topic: {"replayed","classes":{"SchemaViolation":12},"skipped":{"replayed",
    /// "returned","stub"},"stubs":["0:12"],"cursor","until","last"}. 409 where the retry topic is not there, or another
    /// process keeps replaying or dropping at the same time.
    Result<std::string> replay(const std::string& topic, const Query& query);
    /// Removes a page of letters: {"dropped","classes","cursor","until","last"}. With the last page the logs are cut up
    /// to their first letters that are left.
    Result<std::string> drop(const std::string& topic, const Query& query);

    /// Any of these by method and path, as the HTTP API has them ("GET", "/admin/dead-letters/x.y.dlq"); 404.
    Result<std::string> answer(const std::string& method, const std::string& path, const Query& query);

private:
    /// A topic and a query that fit together.
    struct Task {
        std::string topic;
        std::string retry_topic;
        LetterQuery query;
        Cursor starts;
    };
    Result<Task> prepare(LetterCall call, const std::string& topic, const Query& query);
    LetterPage read(const Task& task);
    /// `work` under the topic's writer; whoever comes meanwhile is busy: 503.
    Result<std::string> exclusively(const std::string& topic, const std::function<std::string()>& work);
    bool is_fenced_again(const std::string& topic);
    stream::FencedWriter& writer_of(const std::string& topic);
    void cut(const Task& task);

    stream::Stream& stream_;
    const std::chrono::milliseconds timeout_;
    const std::unique_ptr<stream::Admin> admin_;
    std::mutex writing_;  // held while something is replayed or dropped
    std::map<std::string, std::unique_ptr<stream::FencedWriter>> writers_;
    std::map<std::string, std::optional<std::chrono::steady_clock::time_point>> fenced_at_;
};

}  // namespace nearline::admin
