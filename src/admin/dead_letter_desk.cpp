#include "admin/dead_letter_desk.hpp"

#include <algorithm>
#include <functional>

#include "admin/letter_json.hpp"
#include "admin/parameters.hpp"
#include "domain/json.hpp"
#include "domain/time.hpp"

namespace nearline::admin {
namespace {

using stream::LetterMark;
using Counts = std::map<LetterState, int>;
using Classes = std::map<std::string, int>;

/// Of one page: what is in memory, and in one transaction.
constexpr std::size_t most_bytes = 4 << 20;

/// A transaction that a killed process left open ends within its 10 s and the broker's next look at such, every 10 s;
/// what lies behind it can't be read sooner.
constexpr std::chrono::seconds patience{25};

/// A writer that others fence off twice within that time leaves the topic to them.
constexpr std::chrono::minutes fence_memory{1};

/// By partition, the letters that a mark is to tell of.
using Marked = std::map<int, stream::OffsetRanges>;

void add_marks(std::vector<stream::Addressed>& records, const std::string& topic, LetterMark::Kind kind,
               const Marked& marked) {
    for (const auto& [partition, offsets] : marked)
        records.push_back({topic, partition, stream::make_mark({kind, offsets})});
}

/// {"SchemaViolation":12,...}
std::string classes_to_json(const Classes& classes) {
    std::string list;
    for (const auto& [name, count] : classes)
        list += (list.empty() ? "" : ",") + quote_json(name) + ":" + std::to_string(count);
    return "{" + list + "}";
}

std::string page_members(const LetterPage& page, const LetterQuery& query) {
    return R"("cursor":")" + to_string(page.next()) + R"(","until":")" + to_string(query.until) + R"(","last":)" +
           (page.is_last() ? "true" : "false");
}

Problem no_letter(const std::string& topic, const std::string& partition, const std::string& offset) {
    return {404, "Not Found",
            quote_json(topic) + " has no letter at " + partition + ":" + offset + "; it may have been dropped."};
}

}  // namespace

DeadLetterDesk::DeadLetterDesk(stream::Stream& stream, std::chrono::milliseconds timeout)
    : stream_(stream), timeout_(timeout), admin_(stream.admin(timeout)) {}

DeadLetterDesk::~DeadLetterDesk() = default;

std::string DeadLetterDesk::topics() {
    std::string list;
    auto topics = admin_->topics();
    std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& topic : topics) {
        const auto retry = stream::retry_topic_of(topic.name);
        if (!retry) continue;
        if (!list.empty()) list += ',';
        list += R"({"topic":)" + quote_json(topic.name) + R"(,"retry_topic":)" + quote_json(*retry) + "}";
    }
    return R"({"topics":[)" + list + "]}";
}

Result<DeadLetterDesk::Task> DeadLetterDesk::prepare(LetterCall call, const std::string& topic, const Query& given) {
    auto query = parse_letter_query(call, given, wall_now());
    if (!query) return query.error();
    const auto retry = stream::retry_topic_of(topic);
    const auto info = retry ? admin_->topic(topic) : std::nullopt;
    if (!info) {
        return Problem{404, "Not Found",
                       "There is no topic of dead letters " + quote_json(topic) +
                           "; GET /admin/dead-letters lists those there are."};
    }
    Task task{topic, *retry, std::move(*query), {}};
    const bool begins = task.query.until.empty();
    for (int partition = 0; partition < info->partitions; ++partition) {
        const auto log = admin_->watermarks({topic, partition});
        task.starts[partition] = log.start;
        if (begins) task.query.until[partition] = log.end;
    }
    // Those of a cursor may be of any topic.
    std::erase_if(task.query.until, [&](const auto& end) { return !task.starts.contains(end.first); });
    return task;
}

LetterPage DeadLetterDesk::read(const Task& task) {
    LetterPage page(task.query, task.topic, task.starts, most_bytes);
    stream_.scan(page.positions(), patience, [&](stream::ConsumedRecord&& r) { return page.take(std::move(r)); });
    page.finish();
    return page;
}

Result<std::string> DeadLetterDesk::list(const std::string& topic, const Query& given) {
    const auto task = prepare(LetterCall::list, topic, given);
    if (!task) return task.error();
    const auto page = read(*task);
    std::string list;
    for (const auto& letter : page.letters()) list += (list.empty() ? "" : ",\n") + letter_to_json(letter);
    return R"({"letters":[)" + list + "]," + page_members(page, task->query) + "}";
}

Result<std::string> DeadLetterDesk::show(const std::string& topic, const std::string& partition,
                                         const std::string& offset) {
    const auto place = parse_number<int>(partition);
    const auto at = parse_number<std::int64_t>(offset);
    if (!place || !at) return no_letter(topic, partition, offset);
    const auto text = std::to_string(*place) + ":" + std::to_string(*at);
    auto task = prepare(LetterCall::list, topic, {{"offsets", text}, {"limit", "1"}});
    if (!task) return task.error();
    if (!task->starts.contains(*place)) return no_letter(topic, partition, offset);
    // Nothing before it has to be read.
    task->query.cursor[*place] = *at;
    const auto page = read(*task);
    if (page.letters().empty()) return no_letter(topic, partition, offset);
    return whole_letter_to_json(page.letters().front());
}

Result<std::string> DeadLetterDesk::exclusively(const std::string& topic, const std::function<std::string()>& work) {
    const std::unique_lock lock(writing_, std::try_to_lock);
    if (!lock.owns_lock()) {
        Problem busy{503, "Service Unavailable",
                     "Dead letters are being replayed or dropped by somebody else; try again later."};
        busy.retry_after = std::chrono::seconds(1);
        return busy;
    }
    try {
        return work();
    } catch (const stream::FencedOff&) {
        writers_.erase(topic);
        if (!is_fenced_again(topic)) throw;
        return Problem{409, "Conflict",
                       "Somebody else is replaying or dropping the dead letters of " + quote_json(topic) +
                           ", too; run it again when they have ended."};
    } catch (const Unavailable&) {
        // The next one settles what this one had begun.
        writers_.erase(topic);
        throw;
    }
}

/// Who is fenced off takes the name back, once: from one that is going on as well it would be taken back, too. One
/// fence alone may be Kafka's, of a transaction that took too long.
bool DeadLetterDesk::is_fenced_again(const std::string& topic) {
    const auto now = std::chrono::steady_clock::now();
    auto& last = fenced_at_[topic];
    const bool is_again = last && now - *last < fence_memory;
    last = now;
    return is_again;
}

stream::FencedWriter& DeadLetterDesk::writer_of(const std::string& topic) {
    auto& writer = writers_[topic];
    if (!writer) writer = stream_.fenced_writer("nearline-dlq-" + topic, timeout_);
    return *writer;
}

Result<std::string> DeadLetterDesk::replay(const std::string& topic, const Query& given) {
    const auto task = prepare(LetterCall::replay, topic, given);
    if (!task) return task.error();
    const auto& query = task->query;
    if (!admin_->topic(task->retry_topic)) {
        return Problem{409, "Conflict",
                       "There is no topic " + quote_json(task->retry_topic) +
                           ", from which the role would take what is replayed; the role's service makes it when it "
                           "starts."};
    }
    return exclusively(topic, [&] {
        // Before the letters are read: from now on nobody else replays them.
        auto* writer = query.is_dry_run ? nullptr : &writer_of(topic);
        const auto page = read(*task);
        std::vector<stream::Addressed> records;
        Marked marked;
        Counts skipped;
        int replayed = 0;
        Classes classes;
        std::string stubs;
        for (const auto& [record, facts, state] : page.letters()) {
            if (is_to_replay(query, state)) {
                ++replayed;
                ++classes[facts.class_name];
                records.push_back({task->retry_topic, {}, stream::make_replay(record)});
                marked[record.at.partition].add(record.offset);
                continue;
            }
            ++skipped[state];
            if (state != LetterState::stub) continue;
            if (!stubs.empty()) stubs += ',';
            stubs += "\"" + std::to_string(record.at.partition) + ":" + std::to_string(record.offset) + "\"";
        }
        add_marks(records, topic, LetterMark::Kind::replayed, marked);
        if (writer != nullptr) writer->write(std::move(records));
        const auto count = [&](LetterState state) {
            return "\"" + to_string(state) + "\":" + std::to_string(skipped[state]);
        };
        return R"({"replayed":)" + std::to_string(replayed) + R"(,"classes":)" + classes_to_json(classes) +
               R"(,"skipped":{)" + count(LetterState::replayed) + "," + count(LetterState::returned) + "," +
               count(LetterState::stub) + R"(},"stubs":[)" + stubs + "]," + page_members(page, query) + "}";
    });
}

Result<std::string> DeadLetterDesk::drop(const std::string& topic, const Query& given) {
    const auto task = prepare(LetterCall::drop, topic, given);
    if (!task) return task.error();
    return exclusively(topic, [&] {
        auto* writer = task->query.is_dry_run ? nullptr : &writer_of(topic);
        const auto page = read(*task);
        Marked marked;
        int dropped = 0;
        Classes classes;
        for (const auto& [record, facts, state] : page.letters()) {
            if (state == LetterState::dropped) continue;
            ++dropped;
            ++classes[facts.class_name];
            marked[record.at.partition].add(record.offset);
        }
        std::vector<stream::Addressed> records;
        add_marks(records, topic, LetterMark::Kind::dropped, marked);
        if (writer != nullptr) {
            writer->write(std::move(records));
            if (page.is_last()) cut(*task);
        }
        return R"({"dropped":)" + std::to_string(dropped) + R"(,"classes":)" + classes_to_json(classes) + "," +
               page_members(page, task->query) + "}";
    });
}

void DeadLetterDesk::cut(const Task& task) {
    std::vector<stream::Position> all;
    for (const auto& [partition, start] : task.starts) all.push_back({{task.topic, partition}, start});
    DroppedLetters letters;
    stream_.scan(all, patience, [&](const stream::ConsumedRecord& record) {
        letters.take(record);
        return true;
    });
    for (const auto& [partition, end] : letters.ends()) {
        if (end > task.starts.at(partition)) admin_->delete_records({task.topic, partition}, end);
    }
}

Result<std::string> DeadLetterDesk::answer(const std::string& method, const std::string& path, const Query& query) {
    const std::string base = "/admin/dead-letters";
    std::vector<std::string> parts;  // behind the base
    for (auto from = base.size(); path.starts_with(base) && from < path.size();) {
        const auto slash = std::min(path.find('/', from + 1), path.size());
        parts.push_back(path.substr(from + 1, slash - from - 1));
        from = slash;
    }
    if (method == "GET" && path == base) return topics();
    if (method == "GET" && parts.size() == 1) return list(parts[0], query);
    if (method == "GET" && parts.size() == 3) return show(parts[0], parts[1], parts[2]);
    if (method == "POST" && parts.size() == 2 && parts[1] == "replay") return replay(parts[0], query);
    if (method == "POST" && parts.size() == 2 && parts[1] == "drop") return drop(parts[0], query);
    return Problem{404, "Not Found", "There is no " + method + " " + path + "."};
}

}  // namespace nearline::admin
