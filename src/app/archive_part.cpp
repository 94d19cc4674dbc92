#include "app/archive_part.hpp"

#include "app/consumer_options.hpp"
#include "app/places.hpp"
#include "domain/problem.hpp"
#include "runtime/log.hpp"
#include "schema/builtin_schemas.hpp"

namespace nearline::app {

namespace {

constexpr int most_keep_days = 36'500;

/// Runs what throws std::invalid_argument for a URL that the settings' check could not see through.
template <class Open>
auto open_archive(const ArchiveOptions& options, Open open) {
    try {
        return open(options.store_options());
    } catch (const std::invalid_argument& e) {
        throw ConfigurationError(std::string("--archive: ") + e.what());
    }
}

stream::Sink::Options sink_options(Process& process, ReadyGate& ready, const TopicsOptions& topics,
                                   const std::string& stream_name) {
    stream::Sink::Options sink;
    fill_in(sink, "archive", topics.output_topic, topics, stream_name, process, ready);
    sink.max_batch = 2'000;
    return sink;
}

}  // namespace

archive::Retention ArchiveOptions::keep() const {
    if (keep_days == 0) return std::nullopt;
    return std::chrono::hours(24) * keep_days;
}

archive::Options ArchiveOptions::store_options() const {
    return {.url = archive, .password = mongodb_password.value_or(""), .keep = keep()};
}

void declare(Settings& settings, ArchiveOptions& options, ArchiveRole role) {
    settings.group("Archive");
    const std::string what = role == ArchiveRole::writer ? "where predictions are archived: "
                                                         : "where archive-svc puts predictions, to read them back; "
                                                           "without it only what this gateway has just seen is: ";
    settings.add("--archive WHERE", "NEARLINE_ARCHIVE", options.archive,
                 what + "sqlite:FILE, or mongodb://[user@]host:27017/database with MongoDB's own options",
                 [](const std::string& text) { return text.empty() ? "" : archive::check_archive_url(text); });
    settings.add("--keep-days", "NEARLINE_KEEP_DAYS", options.keep_days,
                 "days that predictions stay in the archive, by their records' own time; 0: for ever; the same for "
                 "archive-svc and gateway-svc",
                 {0, most_keep_days});
    settings.secret("MONGODB_PASSWORD", options.mongodb_password, "password of the MongoDB user");
    settings.check([&]() -> std::vector<std::string> {
        const auto wrong = archive::check_archive_password(options.archive, options.mongodb_password.has_value());
        if (wrong.empty()) return {};
        return {"MONGODB_PASSWORD: " + wrong};
    });
}

std::unique_ptr<PredictionReader> open_archive_reader(const ArchiveOptions& options) {
    if (options.archive.empty()) return nullptr;
    return open_archive(options, [](const archive::Options& store) { return make_prediction_reader(store); });
}

ArchivePart::ArchivePart(Process& process, ReadyGate& ready, const ArchiveOptions& options, const TopicsOptions& topics,
                         const std::string& stream_name, stream::Stream& stream, schema::Registry& registry)
    : is_file_(sqlite_file(options.archive)),
      codec_(registry, {.topic = topics.output_topic, .schema = std::string(schema::iris_output())}),
      store_(open_archive(options, [](const archive::Options& store) { return make_archive_store(store); })),
      service_(
          {.stream = stream, .codec = codec_, .store = *store_, .metrics = process.metrics, .health = process.health},
          options.keep(), "schema registry", sink_options(process, ready, topics, stream_name)) {}

void ArchivePart::make_file() {
    if (!is_file_) return;
    try {
        store_->prepare();
    } catch (const Unavailable& error) {
        log::warning("the archive can't be made yet", {{"reason", error.what()}});
    }
}

void ArchivePart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"archive", [this] { service_.start(); }, [this](auto deadline) { service_.drain(deadline); },
                   [this] { service_.stop(); }});
}

}  // namespace nearline::app
