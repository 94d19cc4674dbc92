#include "stream/embedded/engine.hpp"

#include <filesystem>

namespace nearline::stream::embedded {

Engine::Engine(const std::string& directory, const EmbeddedOptions& options, Metrics& metrics)
    : options_(options),
      metrics_(metrics),
      lock_(directory),
      path_((std::filesystem::path(directory) / "stream.db").string()),
      storage_(std::make_unique<Storage>(path_, options.checkpoint_pages)),
      reader_(path_),
      watch_([this](SteadyTime now) {
          const auto members = log_->expire_members(now);
          const auto writer = writer_->overdue(now);
          if (members && writer) return std::optional(std::min(*members, *writer));
          return members ? members : writer;
      }),
      // log_ is made below; the housekeeper's thread is started after it.
      housekeeper_(path_, {options.retention_interval, options.retention_step}, reader_) {
    const auto state = storage_->load();
    cluster_id_ = state.cluster_id;
    log_ = std::make_unique<Log>(state, options.memory, metrics);
    Writer::Options writer_options;
    writer_options.log_pages = options.checkpoint_pages;
    const Writer::Hooks hooks{.checkpoint = [this] { housekeeper_.want_checkpoint(); },
                              .await_checkpoint = [this] { housekeeper_.await_checkpoint(); },
                              .look_at = [this](SteadyTime time) { watch_.look_at(time); }};
    writer_ = std::make_unique<Writer>(*log_, std::move(storage_), writer_options, hooks, metrics);
    housekeeper_.start(*log_, *writer_);
}

Engine::~Engine() {
    housekeeper_.stop();
    watch_.stop();
    // Only who may write can put the write-ahead log back, and the writer is to be the last one to go.
    reader_.close_idle();
}

}  // namespace nearline::stream::embedded
