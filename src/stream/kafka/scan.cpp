#include "stream/kafka/scan.hpp"

#include <algorithm>

#include "domain/problem.hpp"
#include "stream/kafka/reader.hpp"

namespace nearline::stream::kafka {
namespace {

constexpr std::size_t batch_size = 1'000;
constexpr std::chrono::milliseconds poll_time{100};

/// Asks where logs end, transactions that are open included: what was committed a moment ago may still be one
/// of them, and has to be waited for.
class Ends : private Observer {
public:
    explicit Ends(const Cluster& cluster)
        : client_(make_client(cluster, RD_KAFKA_CONSUMER,
                              {{"isolation.level", "read_uncommitted"}, {"enable.sparse.connections", "false"}},
                              *this)) {}

    Watermarks ask(const TopicPartition& at, Clock::time_point deadline) {
        Watermarks marks;
        const auto error = rd_kafka_query_watermark_offsets(client_.get(), at.topic.c_str(), at.partition, &marks.start,
                                                            &marks.end, remaining_ms(deadline));
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
        throw Unavailable("can't ask where " + to_text({at}) + " ends: " + words(error));
    }

private:
    Client client_;
};

}  // namespace

void scan(const Cluster& cluster, const std::vector<Position>& from, std::chrono::milliseconds patience,
          const std::function<bool(ConsumedRecord&&)>& take) {
    KafkaReader reader(cluster, KafkaReader::Ends::told);
    Ends ends(cluster);
    for (const auto& [at, offset] : from) {
        const auto [start, end] = ends.ask(at, Clock::now() + patience);
        auto next = std::max(offset, start);
        if (next >= end) continue;
        reader.assign({{at, next}});
        auto deadline = Clock::now() + patience;
        while (next < end) {
            auto records = reader.poll(batch_size, poll_time);
            if (!records.empty()) deadline = Clock::now() + patience;
            for (auto& record : records) {
                next = record.offset + 1;
                if (record.offset < end && !take(std::move(record))) return;
            }
            if (const auto seen = reader.end_seen(at)) next = std::max(next, *seen);
            if (next < end && Clock::now() >= deadline) {
                throw Unavailable(to_text({at}) + " can't be read from offset " + std::to_string(next) +
                                  " to its end at " + std::to_string(end));
            }
        }
        reader.unassign({at});
    }
}

}  // namespace nearline::stream::kafka
