#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "runtime/data_lock.hpp"
#include "runtime/metrics.hpp"
#include "stream/embedded/housekeeper.hpp"
#include "stream/embedded/log.hpp"
#include "stream/embedded/record_reader.hpp"
#include "stream/embedded/watch.hpp"
#include "stream/embedded/writer.hpp"
#include "stream/stream.hpp"

namespace nearline::stream::embedded {

/// Which writer of a name is the youngest.
struct Fences {
    std::shared_mutex mutex;  ///< shared while a writer looks and hands its records over
    std::map<std::string, std::uint64_t> youngest;
};

/// All parts of an embedded stream, started. Producers, consumers and admins are made on top of it, and it
/// outlives them.
class Engine {
public:
    Engine(const std::string& directory, const EmbeddedOptions& options, Metrics& metrics);
    ~Engine();

    Log& log() noexcept { return *log_; }
    Writer& writer() noexcept { return *writer_; }
    Watch& watch() noexcept { return watch_; }
    RecordReader& reader() noexcept { return reader_; }
    Metrics& metrics() noexcept { return metrics_; }
    const std::string& cluster_id() const noexcept { return cluster_id_; }
    const EmbeddedOptions& options() const noexcept { return options_; }
    Fences& fences() noexcept { return fences_; }

private:
    const EmbeddedOptions options_;
    Metrics& metrics_;
    const DataLock lock_;
    Fences fences_;
    const std::string path_;
    std::unique_ptr<Storage> storage_;  // until the writer has it
    std::string cluster_id_;
    std::unique_ptr<Log> log_;
    RecordReader reader_;
    // These two are told by the writer and tell it: they stop before it does, and are gone after it.
    Watch watch_;
    Housekeeper housekeeper_;
    std::unique_ptr<Writer> writer_;
};

std::unique_ptr<Producer> make_producer(Engine& engine, const ProducerOptions& options);
std::unique_ptr<GroupConsumer> make_consumer(Engine& engine, const GroupOptions& options, RebalanceListener listener);
std::unique_ptr<GroupMember> make_member(Engine& engine, const GroupOptions& options, RebalanceListener listener);
std::unique_ptr<Reader> make_reader(Engine& engine);
std::unique_ptr<Admin> make_admin(Engine& engine, std::chrono::milliseconds timeout);
std::unique_ptr<FencedWriter> make_fenced_writer(Engine& engine, const std::string& name,
                                                 std::chrono::milliseconds timeout);
std::unique_ptr<TransactionalProducer> make_transactional_producer(Engine& engine, const TransactionOptions& options);
void scan(Engine& engine, const std::vector<Position>& from, std::chrono::milliseconds patience,
          const std::function<bool(ConsumedRecord&&)>& take);

}  // namespace nearline::stream::embedded
