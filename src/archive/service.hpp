#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "archive/archive_store.hpp"
#include "archive/archiver.hpp"
#include "runtime/stop.hpp"
#include "schema/topic_codec.hpp"
#include "stream/sink.hpp"

namespace nearline::archive {

/// archive-svc: brings the output topic into a database and keeps it there as long as it may be kept.
class Service {
public:
    struct Parts {
        stream::Stream& stream;
        schema::TopicCodec& codec;  ///< of the output topic
        ArchiveStore& store;
        Metrics& metrics;
        Health& health;
    };
    /// What Parts names must outlive it. `sink` names topic, group, dependencies and hooks.
    Service(const Parts& parts, Retention keep, const std::string& registry_dependency, stream::Sink::Options sink);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Returns at once.
    void start();
    /// As Sink::drain().
    void drain(std::chrono::steady_clock::time_point deadline);
    void stop() noexcept;

private:
    void sweep();
    void remove_expired();

    ArchiveStore& store_;
    const Retention keep_;
    Counter removed_;
    Archiver archiver_;
    stream::Sink sink_;
    StopToken stop_;
    std::thread sweeper_;
};

}  // namespace nearline::archive
