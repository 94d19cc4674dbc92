#include "gateway/reply_reader.hpp"

#include <exception>
#include <set>
#include <utility>

#include "gateway/answer_decoder.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_at_once = 100;  // records, before others have their turn on the loop
constexpr auto poll_time = 1'000ms;        // only how often an idle thread looks around
constexpr auto look_up_again = 300ms;
constexpr int most_unresolved = 1'000;  // answers whose schema is being asked for
constexpr int resolve_tries = 20;

/// Gateways that start together should not borrow the same partition.
std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    const Uuid random = Uuid::random();
    for (int i = 0; i < 8; ++i) seed = seed << 8U | random.bytes()[static_cast<std::size_t>(i)];
    return seed;
}

}  // namespace

struct ReplyReader::Unresolved {
    Uuid id;
    stream::ConsumedRecord record;
    Backoff backoff{};
};

ReplyReader::ReplyReader(const Parts& parts, std::string topic, std::string group, OnAnswers on_answers)
    : parts_(parts),
      topic_(std::move(topic)),
      group_(std::move(group)),
      on_answers_(std::move(on_answers)),
      // Called also by a reader that outlives this, which leaves the gate alone.
      read_soon_([this, gate = parts.gate, reads_soon = reads_soon_] {
          if (!reads_soon->exchange(true)) gate.post([this] { read(); });
      }),
      ownership_(random_seed()) {
    const auto gauge = [&](const std::string& kind) {
        return parts_.metrics.gauge("nearline_gateway_reply_partitions",
                                    "Partitions of the output topic that this gateway reads, by why", {{"kind", kind}});
    };
    owned_ = gauge("owned");
    awaited_ = gauge("awaited");
    borrowed_ = gauge("borrowed");
    undecodable_ = parts_.metrics.counter("nearline_gateway_answers_undecodable_total",
                                          "Records of the output topic with a request id that are no answer");
}

ReplyReader::~ReplyReader() {
    stop();
}

void ReplyReader::start() {
    set_reader(open_reader());
}

void ReplyReader::stop() {
    stop_.request();
    {
        const std::lock_guard lock(member_mutex_);
        if (member_) member_->wake();
    }
    if (following_.joinable()) following_.join();
    reader_.reset();
}

std::shared_ptr<stream::Reader> ReplyReader::reader() {
    const std::lock_guard lock(reader_mutex_);
    return reader_;
}

std::shared_ptr<stream::Reader> ReplyReader::open_reader() {
    std::shared_ptr<stream::Reader> reader = parts_.stream.reader();
    reader->on_ready(read_soon_);
    return reader;
}

/// Gives the one before.
std::shared_ptr<stream::Reader> ReplyReader::set_reader(std::shared_ptr<stream::Reader> reader) {
    {
        const std::lock_guard lock(reader_mutex_);
        std::swap(reader, reader_);
    }
    // What came before it was to call.
    read_soon_();
    return reader;
}

/// The handle keeps what it knew of the topic before, such as the epochs of its leaders, and takes nothing
/// older for true: it would never read the new one.
void ReplyReader::renew_reader() {
    const auto before = set_reader(open_reader());
    // It ends here, which can take its time, and not on the loop's thread.
    parts_.gate.run([] {});
}

void ReplyReader::topic_was_made_anew() {
    parts_.stream_jobs.post([this] { renew_reader(); });
    ownership_.begin_anew();
    do_changes();
}

void ReplyReader::topic_is_there(int partitions) {
    ownership_.set_partitions(partitions);
    do_changes();
    if (!following_.joinable()) following_ = std::thread([this] { follow_group(); });
}

void ReplyReader::await(int partition) {
    ownership_.await(partition);
}

void ReplyReader::release(int partition) {
    ownership_.release(partition);
    do_changes();
}

void ReplyReader::do_changes() {
    const auto changes = ownership_.changes();
    for (const int partition : changes.stop) stop_reading(partition);
    for (const int partition : changes.look_up) look_up(partition);
    show_partitions();
}

void ReplyReader::show_partitions() {
    owned_.set(static_cast<double>(ownership_.owned()));
    awaited_.set(static_cast<double>(ownership_.awaited()));
    borrowed_.set(ownership_.borrowing() ? 1 : 0);
}

void ReplyReader::stop_reading(int partition) {
    parts_.stream_jobs.post([this, partition] { reader_->unassign({{topic_, partition}}); });
}

void ReplyReader::look_up(int partition) {
    const auto lookup = ++lookups_[partition];
    parts_.stream_jobs.post([this, partition, lookup] {
        try {
            const stream::TopicPartition at{topic_, partition};
            reader_->assign({{at, parts_.admin.watermarks(at).end}});
            parts_.gate.post([this, partition, lookup] { found(partition, lookup); });
        } catch (const Unavailable& error) {
            log::debug("a reply partition can't be read yet", {{"partition", partition}, {"error", error.what()}});
            parts_.stream_jobs.post_after(look_up_again, [this, partition, lookup] {
                parts_.gate.post([this, partition, lookup] { failed(partition, lookup); });
            });
        }
    });
}

/// It is being read now, from where its log ended.
void ReplyReader::found(int partition, std::uint64_t lookup) {
    // An earlier one may have been undone by a stop_reading() since; the last one has not.
    if (lookups_[partition] != lookup) return;
    if (!ownership_.found(partition)) stop_reading(partition);
    do_changes();
}

void ReplyReader::failed(int partition, std::uint64_t lookup) {
    if (lookups_[partition] != lookup) return;
    const bool wanted = ownership_.failed(partition);
    do_changes();
    if (wanted && lookups_[partition] == lookup) look_up(partition);
}

/// The thread that follows the group.
void ReplyReader::follow_group() {
    name_this_thread("gw-members");
    const auto owned = std::make_shared<std::set<int>>();
    const auto tell = [this, owned] {
        parts_.gate.post([this, partitions = *owned] {
            ownership_.own(partitions);
            do_changes();
        });
    };
    const auto without = [owned, tell](const std::vector<stream::TopicPartition>& gone) {
        for (const auto& at : gone) owned->erase(at.partition);
        tell();
    };
    stream::RebalanceListener listener;
    listener.assigned = [owned, tell](const std::vector<stream::TopicPartition>& more) {
        for (const auto& at : more) owned->insert(at.partition);
        tell();
    };
    listener.revoked = without;
    listener.lost = without;

    Backoff backoff;
    while (!stop_.requested()) {
        try {
            take_part(listener);
        } catch (const std::exception& error) {
            log::warning("the gateways' group is not followed now", {{"group", group_}, {"error", error.what()}});
            owned->clear();
            tell();
            stop_.wait_for(backoff.next());
        }
    }
}

void ReplyReader::set_member(stream::GroupMember* member) {
    const std::lock_guard lock(member_mutex_);
    member_ = member;
}

void ReplyReader::take_part(stream::RebalanceListener listener) {
    stream::GroupOptions options;
    options.group = group_;
    options.topics = {topic_};
    const auto member = parts_.stream.member(options, std::move(listener));
    set_member(member.get());
    try {
        while (!stop_.requested()) member->poll(poll_time);
        member->close();
    } catch (...) {
        set_member(nullptr);
        throw;
    }
    set_member(nullptr);
}

/// On the loop's thread.
void ReplyReader::read() {
    *reads_soon_ = false;
    try {
        // What comes after a poll that gave nothing calls again.
        if (read_some()) read_soon_();
        backoff_.reset();
    } catch (const std::exception& error) {
        log::warning("answers can't be read now", {{"topic", topic_}, {"error", error.what()}});
        parts_.stream_jobs.post_after(backoff_.next(), read_soon_);
    }
}

/// Whether there was anything.
bool ReplyReader::read_some() {
    const auto now = reader();
    if (!now) return false;
    auto records = now->poll(most_at_once, 0ms);
    std::vector<AnswerPtr> answers;
    for (auto& record : records) take(std::move(record), answers);
    if (!answers.empty()) on_answers_(answers);
    return !records.empty();
}

void ReplyReader::take(stream::ConsumedRecord record, std::vector<AnswerPtr>& answers) {
    const auto id = request_id_of(record);
    if (!id) return;
    if (const auto cached = parts_.codec.decode_cached(record.value)) {
        if (auto answer = decoded(*id, record, *cached)) answers.push_back(std::move(answer));
        return;
    }
    if (unresolved_ >= most_unresolved) {
        undecodable(record, "too many answers wait for schemas that are not known yet");
        return;
    }
    ++unresolved_;
    resolve(std::make_shared<Unresolved>(Unresolved{*id, std::move(record)}));
}

/// Asks the registry for the schema, then goes the way of the others.
void ReplyReader::resolve(const std::shared_ptr<Unresolved>& unresolved) {
    parts_.registry_jobs.post([this, unresolved] {
        try {
            const auto document = parts_.codec.decode(unresolved->record.value);
            --unresolved_;
            if (auto answer = decoded(unresolved->id, unresolved->record, document)) {
                parts_.gate.post([this, answer = std::move(answer)] { on_answers_({answer}); });
            }
        } catch (const Unavailable& error) {
            if (unresolved->backoff.failures() < resolve_tries) {
                parts_.registry_jobs.post_after(unresolved->backoff.next(),
                                                [this, unresolved] { resolve(unresolved); });
                return;
            }
            --unresolved_;
            undecodable(unresolved->record, error.what());
        }
    });
}

AnswerPtr ReplyReader::decoded(const Uuid& id, const stream::ConsumedRecord& record,
                               const schema::TopicCodec::Decoded& decoded) {
    if (const auto* rejection = std::get_if<Rejection>(&decoded)) {
        undecodable(record, rejection->message);
        return nullptr;
    }
    auto answer = to_answer(id, record, std::get<boost::json::value>(decoded), parts_.codec.schema());
    if (auto* taken = std::get_if<AnswerPtr>(&answer)) return std::move(*taken);
    undecodable(record, std::get<Rejection>(answer).message);
    return nullptr;
}

void ReplyReader::undecodable(const stream::ConsumedRecord& record, const std::string& why) {
    undecodable_.add();
    static log::Throttle throttle(10);
    long held = 0;
    if (!throttle.pass(held)) return;
    log::warning("a record of the output topic is no answer", {{"topic", record.at.topic},
                                                               {"partition", record.at.partition},
                                                               {"offset", record.offset},
                                                               {"why", why},
                                                               {"others_like_it", held}});
}

}  // namespace nearline::gateway
