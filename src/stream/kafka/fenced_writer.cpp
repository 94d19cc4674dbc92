#include "stream/kafka/fenced_writer.hpp"

namespace nearline::stream::kafka {
namespace {

// A process that is killed in the middle holds up the topic's readers for so long, unless the next one comes sooner.
constexpr TransactionHandle::Times times{.delivery = std::chrono::milliseconds(8'000),
                                         .transaction = std::chrono::milliseconds(10'000)};

}  // namespace

KafkaFencedWriter::KafkaFencedWriter(const Cluster& cluster, const std::string& name, std::chrono::milliseconds timeout)
    : name_(name), timeout_(timeout), handle_(cluster, name, times) {
    handle_.init(Clock::now() + timeout);
}

void KafkaFencedWriter::write(std::vector<Addressed> records) {
    if (is_spent_) throw Unavailable("the writer of " + name_ + " has failed before");
    if (records.empty()) return;
    const auto report = handle_.transact(records, nullptr, Clock::now() + timeout_);
    if (report.outcome == TransactionReport::Outcome::committed) return;
    is_spent_ = true;
    const auto what = "can't write as " + name_ + ": " + report.reason;
    if (handle_.is_fenced()) throw FencedOff(what);
    throw Unavailable(what);
}

}  // namespace nearline::stream::kafka
