#include "stream/kafka/group_consumer.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "domain/problem.hpp"
#include "stream/kafka/fetching.hpp"
#include "stream/kafka/records.hpp"
#include "stream/kafka/transaction_handle.hpp"

namespace nearline::stream::kafka {
namespace {

constexpr std::chrono::seconds commit_time{5};
/// Between two tries while the group is shared out anew.
constexpr std::chrono::milliseconds refused_pause{20};
constexpr std::chrono::milliseconds failed_pause{1'000};
/// For the committed offsets of partitions that have just come.
constexpr std::chrono::seconds committed_time{2};

/// A commit reached a group that was being shared out anew, or had been since it was sent. Nothing is lost by
/// that: it can be sent again, with the number of the group's new generation.
bool is_of_rebalance(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

/// The request's error, or the first of its partitions'.
rd_kafka_resp_err_t error_of(rd_kafka_event_t& answer) {
    auto error = rd_kafka_event_error(&answer);
    const auto* list = rd_kafka_event_topic_partition_list(&answer);
    for (int i = 0; list != nullptr && i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
        error = list->elems[i].err;
    }
    return error;
}

}  // namespace

KafkaGroupConsumer::KafkaGroupConsumer(const Cluster& cluster, const GroupOptions& options, RebalanceListener listener)
    : GroupClient(cluster, options, fetching_properties(options.fetch_min_bytes), std::move(listener)),
      answers_(rd_kafka_queue_new(client())),
      lost_metric_(cluster.metrics->counter("nearline_stream_lost_to_retention_total",
                                            "Records that retention removed before the group had read them",
                                            {{"group", options.group}})) {}

KafkaGroupConsumer::~KafkaGroupConsumer() {
    silence();
    KafkaGroupConsumer::close();
}

void KafkaGroupConsumer::close() {
    answers_.reset();
    leave();
}

std::vector<ConsumedRecord> KafkaGroupConsumer::poll(std::size_t most, std::chrono::milliseconds timeout) {
    take_answers();
    // What could not be committed yet is not left until a record comes.
    if (was_refused_) timeout = std::min(timeout, pause_before_sending_again());
    batch_.clear();
    const auto deadline = Clock::now() + timeout;
    // The first one is waited for; then what is there already comes along.
    std::size_t bytes = 0;
    for (int wait = to_ms(timeout); batch_.size() < most && bytes < most_polled_bytes;
         wait = batch_.empty() ? remaining_ms(deadline) : 0) {
        const auto message = poll_message(wait);
        if (!message) break;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            bytes += add(*message);
        } else if (long held = 0; throttle_.pass(held)) {
            log::warning("kafka consumer", {{"group", group()}, {"error", rd_kafka_message_errstr(message.get())}});
        }
    }
    return std::exchange(batch_, {});
}

std::size_t KafkaGroupConsumer::add(rd_kafka_message_t& message) {
    batch_.push_back(to_record(message));
    const auto& record = batch_.back();
    const auto place = places_.find(record.at);
    // librdkafka pauses and resumes all partitions while some come or go, and may then fetch from the record on that it
    // was just handing over. Behind a log that was cut back there are others, of a later leader.
    const auto epoch = rd_kafka_message_leader_epoch(&message);
    if (place == places_.end() || (record.offset < place->second.from && epoch <= place->second.leader_epoch)) {
        batch_.pop_back();
        return 0;
    }
    place->second.from = record.offset + 1;
    if (place->second.next && record.offset > *place->second.next)
        count_lost(record.at, *place->second.next, record.offset);
    place->second.next = std::max(record.offset + 1, place->second.next.value_or(0));
    place->second.leader_epoch = epoch;
    return size_in_bytes(record);
}

/// A gap may have been compacted or hold a transaction's markers; what lies before the log's start was
/// lost. That start came with the last fetch.
void KafkaGroupConsumer::count_lost(const TopicPartition& at, std::int64_t expected, std::int64_t offset) {
    std::int64_t start = 0, end = 0;
    rd_kafka_get_watermark_offsets(client(), at.topic.c_str(), at.partition, &start, &end);
    const auto lost = std::min(start, offset) - expected;
    if (lost <= 0) return;
    lost_ += static_cast<std::uint64_t>(lost);
    lost_metric_.add(static_cast<double>(lost));
    log::error(
        "retention removed records before they were read",
        {{"group", group()}, {"topic", at.topic}, {"partition", at.partition}, {"from", expected}, {"records", lost}});
}

/// Asks for the committed offsets itself, which librdkafka would do now too, to know what retention took.
void KafkaGroupConsumer::find_start(rd_kafka_topic_partition_list_t& partitions) {
    const auto error = rd_kafka_committed(client(), &partitions, to_ms(committed_time));
    const bool known = error == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!known) log::warning("kafka committed offsets", {{"group", group()}, {"error", words(error)}});
    for (int i = 0; i < partitions.cnt; ++i) {
        auto& partition = partitions.elems[i];
        auto& place = places_[{partition.topic, partition.partition}];
        place = {};
        if (!known || partition.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            partition.offset = RD_KAFKA_OFFSET_STORED;  // librdkafka asks again, for as long as it takes
        } else if (partition.offset < 0) {
            partition.offset = RD_KAFKA_OFFSET_BEGINNING;
        } else {
            place.next = partition.offset;
        }
    }
}

void KafkaGroupConsumer::take(rd_kafka_topic_partition_list_t& partitions) {
    // A group that is being left does not say what was committed: one would wait for it in vain.
    if (partitions.cnt > 0 && !closing()) find_start(partitions);
    assign(partitions);
}

void KafkaGroupConsumer::give(const rd_kafka_topic_partition_list_t& partitions) {
    const auto gone = from_list(partitions);
    std::vector<TopicPartition> paused;  // would still be so when they come back
    for (const auto& at : gone) {
        const auto place = places_.find(at);
        if (place == places_.end()) continue;
        if (place->second.paused) paused.push_back(at);
        places_.erase(place);
        unconfirmed_.erase(at);
    }
    set_paused(paused, false);
    // Not handed out yet, and the next owner's now.
    std::erase_if(batch_,
                  [&](const auto& record) { return std::find(gone.begin(), gone.end(), record.at) != gone.end(); });
    unassign(partitions);
}

Partitions KafkaGroupConsumer::offsets_to_commit(const std::vector<Position>& next) const {
    Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
    for (const auto& position : next) {
        if (!owned().contains(position.at)) continue;
        auto* added = rd_kafka_topic_partition_list_add(list.get(), position.at.topic.c_str(), position.at.partition);
        added->offset = position.offset;
        // Lets a later reader notice that the log was cut back behind this offset (KIP-320).
        const auto place = places_.find(position.at);
        if (place != places_.end()) rd_kafka_topic_partition_set_leader_epoch(added, place->second.leader_epoch);
    }
    return list;
}

void KafkaGroupConsumer::commit(const std::vector<Position>& next) {
    if (left()) throw Unavailable("the consumer of group " + group() + " is closed");
    for (const auto& position : next) unconfirmed_.erase(position.at);
    const auto deadline = Clock::now() + commit_time;
    const Queue answers(rd_kafka_queue_new(client()));
    while (true) {
        const auto offsets = offsets_to_commit(next);
        if (offsets->cnt == 0) return;
        auto error = rd_kafka_commit_queue(client(), offsets.get(), answers.get(), nullptr, nullptr);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const Event answer(rd_kafka_queue_poll(answers.get(), remaining_ms(deadline)));
            if (!answer) throw Unavailable("the offsets of group " + group() + " were not acknowledged in time");
            error = error_of(*answer);
        }
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
        if (!is_of_rebalance(error) || Clock::now() >= deadline) {
            throw Unavailable("the offsets of group " + group() + " were not stored: " + words(error));
        }
        // librdkafka's own thread joins; nothing of that waits for this one.
        std::this_thread::sleep_for(refused_pause);
    }
}

GroupOffsets KafkaGroupConsumer::offsets(const std::vector<Position>& next) const {
    auto list = offsets_to_commit(next);
    if (!identity() || static_cast<std::size_t>(list->cnt) != next.size()) return {.next = next};
    return {.next = next, .member = std::make_shared<OffsetsOfMember>(identity(), std::move(list))};
}

void KafkaGroupConsumer::commit_async(const std::vector<Position>& next) {
    for (const auto& position : next) unconfirmed_[position.at] = position.offset;
    send(next);
}

void KafkaGroupConsumer::send(const std::vector<Position>& next) {
    if (left()) return;
    const auto offsets = offsets_to_commit(next);
    if (offsets->cnt == 0) return;
    if (closing()) {  // there is no later poll to take the answer
        rd_kafka_commit(client(), offsets.get(), 1);
        return;
    }
    const auto error = rd_kafka_commit_queue(client(), offsets.get(), answers_.get(), nullptr, nullptr);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) ++unanswered_;
}

void KafkaGroupConsumer::take_answers() {
    if (closing()) return;
    while (const Event answer{rd_kafka_queue_poll(answers_.get(), 0)}) {
        if (rd_kafka_event_type(answer.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) continue;
        --unanswered_;
        const auto error = error_of(*answer);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            was_refused_ = true;
            if (!is_of_rebalance(error)) commit_failed(error);
            continue;
        }
        const auto* list = rd_kafka_event_topic_partition_list(answer.get());
        for (int i = 0; list != nullptr && i < list->cnt; ++i) {
            const auto& stored = list->elems[i];
            const auto found = unconfirmed_.find({stored.topic, stored.partition});
            if (found != unconfirmed_.end() && found->second == stored.offset) unconfirmed_.erase(found);
        }
    }
    if (was_refused_ && unanswered_ == 0 && Clock::now() >= send_again_at_) send_again();
}

/// No later commit might make good: a partition on which nothing more comes has none.
void KafkaGroupConsumer::commit_failed(rd_kafka_resp_err_t error) {
    send_again_at_ = Clock::now() + failed_pause;
    if (long held = 0; throttle_.pass(held))
        log::warning("offsets were not stored; sent again in a second", {{"group", group()}, {"error", words(error)}});
}

std::chrono::milliseconds KafkaGroupConsumer::pause_before_sending_again() const {
    return std::max(refused_pause, std::chrono::ceil<std::chrono::milliseconds>(send_again_at_ - Clock::now()));
}

void KafkaGroupConsumer::send_again() {
    was_refused_ = false;
    std::vector<Position> next;
    for (const auto& [at, offset] : unconfirmed_) next.push_back({at, offset});
    send(next);
}

void KafkaGroupConsumer::set_paused(const std::vector<TopicPartition>& partitions, bool paused) {
    if (partitions.empty() || left()) return;
    const auto list = to_list(partitions);
    if (paused) {
        rd_kafka_pause_partitions(client(), list.get());
    } else {
        rd_kafka_resume_partitions(client(), list.get());
    }
    for (const auto& at : partitions) {
        if (const auto place = places_.find(at); place != places_.end()) place->second.paused = paused;
    }
}

void KafkaGroupConsumer::pause(const std::vector<TopicPartition>& partitions) {
    std::vector<TopicPartition> mine;
    std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(mine),
                 [this](const auto& at) { return places_.contains(at) && !places_.at(at).paused; });
    set_paused(mine, true);
}

void KafkaGroupConsumer::resume(const std::vector<TopicPartition>& partitions) {
    std::vector<TopicPartition> mine;
    std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(mine),
                 [this](const auto& at) { return places_.contains(at) && places_.at(at).paused; });
    set_paused(mine, false);
}

}  // namespace nearline::stream::kafka
