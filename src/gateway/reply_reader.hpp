#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/answer.hpp"
#include "gateway/job_thread.hpp"
#include "gateway/loop_gate.hpp"
#include "gateway/reply_ownership.hpp"
#include "runtime/backoff.hpp"
#include "runtime/metrics.hpp"
#include "runtime/stop.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"

namespace nearline::gateway {

/// Reads answers from the partitions that ReplyOwnership says. Two handles: one is a member of the
/// gateways' group and only knows which partitions are this gateway's, on a thread of its own; the other reads, on the
/// loop's thread: an answer has one wake-up less to its caller.
/// Where a log ends is asked on `stream_jobs`, one after the other with what begins and ends the reading of a
/// partition; schemas not seen before are asked for on `registry_jobs`. So neither holds up answers.
class ReplyReader {
public:
    struct Parts {
        stream::Stream& stream;
        stream::Admin& admin;
        schema::TopicCodec& codec;
        Metrics& metrics;
        LoopGate gate;
        JobThread& stream_jobs;
        JobThread& registry_jobs;
    };
    /// On the loop's thread, all that came at once.
    using OnAnswers = std::function<void(const std::vector<AnswerPtr>&)>;

    ReplyReader(const Parts& parts, std::string topic, std::string group, OnAnswers on_answers);
    ~ReplyReader();

    void start();
    /// Leaves the group. The gate has to be closed, and the job threads stopped, before.
    void stop();

    // All of these on the loop's thread.

    /// The topic is there: takes part in the group and, until that says what is this gateway's, borrows.
    void topic_is_there(int partitions);
    /// It was deleted and made anew: reads the new one, from where it ends when it is looked at.
    void topic_was_made_anew();
    /// The partition on which to ask for the next answer; nothing: none is being read yet.
    std::optional<int> choose() { return ownership_.choose(); }
    void await(int partition);
    void release(int partition);

private:
    struct Unresolved;

    void follow_group();
    void set_member(stream::GroupMember* member);
    std::shared_ptr<stream::Reader> reader();
    void renew_reader();
    void take_part(stream::RebalanceListener listener);
    std::shared_ptr<stream::Reader> open_reader();
    std::shared_ptr<stream::Reader> set_reader(std::shared_ptr<stream::Reader> reader);
    void read();
    bool read_some();
    void take(stream::ConsumedRecord record, std::vector<AnswerPtr>& answers);
    void resolve(const std::shared_ptr<Unresolved>& unresolved);
    AnswerPtr decoded(const Uuid& id, const stream::ConsumedRecord& record, const schema::TopicCodec::Decoded& decoded);
    void undecodable(const stream::ConsumedRecord& record, const std::string& why);

    void do_changes();
    void look_up(int partition);
    void found(int partition, std::uint64_t lookup);
    void failed(int partition, std::uint64_t lookup);
    void stop_reading(int partition);
    void show_partitions();

    Parts parts_;
    std::string topic_;
    std::string group_;
    OnAnswers on_answers_;
    std::shared_ptr<std::atomic<bool>> reads_soon_ = std::make_shared<std::atomic<bool>>(false);
    const std::function<void()> read_soon_;  // any thread
    Gauge owned_;
    Gauge awaited_;
    Gauge borrowed_;
    Counter undecodable_;

    // The loop's thread.
    ReplyOwnership ownership_;
    std::map<int, std::uint64_t> lookups_;  // the last one of each partition; the others' ends mean nothing

    StopToken stop_;
    std::mutex reader_mutex_;
    std::shared_ptr<stream::Reader> reader_;  // changes on stream_jobs alone
    std::mutex member_mutex_;
    stream::GroupMember* member_ = nullptr;  // while its thread has one
    std::atomic<int> unresolved_{0};
    Backoff backoff_;  // the loop's thread
    std::thread following_;
};

}  // namespace nearline::gateway
