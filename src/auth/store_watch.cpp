#include "auth/store_watch.hpp"

#include "domain/problem.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"

namespace nearline::auth {
namespace {

constexpr auto witness = "auth";  // others in the process use the users' database, too
constexpr auto usual_pause = std::chrono::seconds(5);

}  // namespace

StoreWatch::StoreWatch(UserStore& store, Health& health, std::function<void()> on_prepared, std::function<void()> check)
    : store_(store),
      health_(health),
      dependency_(store.dependency()),
      on_prepared_(std::move(on_prepared)),
      check_(std::move(check)) {}

StoreWatch::~StoreWatch() {
    stop();
}

void StoreWatch::start() {
    health_.awaits(dependency_, witness);
    try {
        prepare();
    } catch (const Unavailable& error) {
        report_unavailable(error.what());
    }
    thread_ = std::thread([this] { run(); });
}

void StoreWatch::stop() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void StoreWatch::report_unavailable(const std::string& why) {
    health_.down(dependency_, why, witness);
    {
        const std::lock_guard lock(mutex_);
        suspect_ = true;
    }
    wake_.notify_all();
}

void StoreWatch::prepare() {
    store_.prepare();
    check_();
    prepared_ = true;
    health_.up(dependency_, witness);
    on_prepared_();
}

bool StoreWatch::probe() {
    try {
        if (prepared_) {
            store_.ping();
            health_.up(dependency_, witness);
        } else {
            prepare();
        }
        return true;
    } catch (const std::exception& error) {
        // Also what waiting does not help (tables of a newer version, users that must not be there): a person
        // can, and needs no restart then.
        health_.down(dependency_, error.what(), witness);
        return false;
    }
}

void StoreWatch::run() {
    name_this_thread("users-watch");
    Backoff backoff;
    std::chrono::milliseconds pause = prepared_ ? usual_pause : backoff.next();
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            // A suspicion cuts the usual pause short, but not the pauses between tries that fail.
            wake_.wait_for(lock, pause, [&] { return stop_ || (suspect_ && backoff.failures() == 0); });
            if (stop_) return;
            suspect_ = false;
        }
        if (probe()) {
            backoff.reset();
            pause = usual_pause;
        } else {
            pause = backoff.next();
        }
    }
}

}  // namespace nearline::auth
