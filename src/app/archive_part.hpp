#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "archive/archive_store.hpp"
#include "archive/service.hpp"
#include "schema/registry.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"

namespace nearline::app {

struct ArchiveOptions {
    std::string archive;
    std::optional<std::string> mongodb_password;
    int keep_days = 0;

    archive::Retention keep() const;
    archive::Options store_options() const;
};
/// What a program does with the archive; the help says so.
enum class ArchiveRole { writer, reader };
void declare(Settings& settings, ArchiveOptions& options, ArchiveRole role);

/// Connects to nothing yet. Throws ConfigurationError; nothing where no archive is named.
std::unique_ptr<PredictionReader> open_archive_reader(const ArchiveOptions& options);

/// archive-svc in a process.
class ArchivePart {
public:
    /// Connects to nothing yet; throws ConfigurationError. All that is handed over must outlive it.
    ArchivePart(Process& process, ReadyGate& ready, const ArchiveOptions& options, const TopicsOptions& topics,
                const std::string& stream_name, stream::Stream& stream, schema::Registry& registry);

    /// Makes the archive now where it is a file, so that those who read it find it when they start; what can pass
    /// (a full disk) is tried again once it has started. Throws std::runtime_error where waiting can't help.
    void make_file();
    void add_to(Lifecycle& lifecycle);

private:
    const bool is_file_;
    schema::TopicCodec codec_;
    std::unique_ptr<archive::ArchiveStore> store_;
    archive::Service service_;
};

}  // namespace nearline::app
