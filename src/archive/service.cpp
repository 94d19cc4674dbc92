#include "archive/service.hpp"

#include <utility>

#include "domain/problem.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::archive {
namespace {

using namespace std::chrono_literals;

constexpr auto sweep_every = 60s;
/// Documents removed at a time: the archive is written meanwhile.
constexpr std::size_t sweep_step = 1'000;
constexpr auto between_steps = 10ms;

}  // namespace

Service::Service(const Parts& parts, Retention keep, const std::string& registry_dependency, stream::Sink::Options sink)
    : store_(parts.store),
      keep_(keep),
      removed_(parts.metrics.counter("nearline_archive_removed_total",
                                     "Documents removed because they were past --keep-days (SQLite; MongoDB removes "
                                     "them itself)")),
      archiver_(parts.store, parts.codec,
                {.keep = keep, .registry_dependency = registry_dependency, .retry_topic = sink.retry_topic},
                parts.metrics, parts.health),
      sink_(parts.stream, archiver_, std::move(sink), parts.metrics, parts.health) {}

Service::~Service() {
    stop();
}

void Service::start() {
    sink_.start();
    if (keep_) sweeper_ = std::thread([this] { sweep(); });
}

void Service::drain(std::chrono::steady_clock::time_point deadline) {
    stop_.request();
    sink_.drain(deadline);
}

void Service::stop() noexcept {
    stop_.request();
    sink_.stop();
    if (sweeper_.joinable()) sweeper_.join();
}

void Service::sweep() {
    name_this_thread("archive-sweeper");
    while (!stop_.requested()) {
        try {
            remove_expired();
        } catch (const Unavailable& error) {
            log::debug("the archive is not swept now", {{"reason", error.what()}});
        } catch (const std::exception& error) {
            log::error("the archive can't be swept", {{"reason", error.what()}});
        }
        stop_.wait_for(sweep_every);
    }
}

void Service::remove_expired() {
    std::size_t all = 0;
    for (;;) {
        const auto removed = store_.sweep(sweep_step);
        all += removed;
        removed_.add(static_cast<double>(removed));
        if (removed < sweep_step || stop_.wait_for(between_steps)) break;
    }
    if (all > 0) log::info("removed what is past its retention from the archive", {{"documents", all}});
}

}  // namespace nearline::archive
