#include <condition_variable>
#include <mutex>

#include "store/mysql.hpp"

namespace nearline::store {

struct MysqlPool::State {
    struct Resting {
        std::unique_ptr<MysqlConnection> connection;
        std::chrono::steady_clock::time_point since;
    };
    std::mutex mutex;
    std::condition_variable place_free;
    std::vector<Resting> resting{};  // the last one rested least
    std::size_t taken = 0;           // places: connections leased or being made
};

MysqlPool::MysqlPool(MysqlOptions options) : options_(std::move(options)), state_(std::make_unique<State>()) {
    state_->resting.reserve(options_.max_connections);
}

MysqlPool::~MysqlPool() = default;

std::unique_ptr<MysqlConnection> MysqlPool::take() {
    std::unique_lock lock(state_->mutex);
    const bool has_place = state_->place_free.wait_for(lock, options_.lease_timeout,
                                                       [this] { return state_->taken < options_.max_connections; });
    if (!has_place) {
        throw Unavailable("MySQL at " + options_.address() + ": all " + std::to_string(options_.max_connections) +
                          " connections have been busy for " + std::to_string(options_.lease_timeout.count()) + " ms");
    }
    ++state_->taken;
    while (!state_->resting.empty()) {
        State::Resting candidate = std::move(state_->resting.back());
        state_->resting.pop_back();
        // Asking and closing talk to the server.
        lock.unlock();
        if (candidate.connection->is_alive(std::chrono::steady_clock::now() - candidate.since)) {
            return std::move(candidate.connection);
        }
        candidate.connection.reset();
        lock.lock();
    }
    lock.unlock();
    try {
        return std::make_unique<MysqlConnection>(options_);
    } catch (...) {
        give_back(nullptr);
        throw;
    }
}

void MysqlPool::give_back(std::unique_ptr<MysqlConnection> connection) noexcept {
    const std::lock_guard lock(state_->mutex);
    --state_->taken;
    if (connection && !connection->is_broken()) {
        state_->resting.push_back({std::move(connection), std::chrono::steady_clock::now()});
    }
    state_->place_free.notify_one();
}

namespace {

enum class Ended { committed, to_repeat };

Ended run_once(MysqlConnection& connection, const std::function<void(MysqlConnection&)>& work, bool may_repeat) {
    try {
        connection.begin();
        work(connection);
    } catch (const MysqlDeadlock&) {
        connection.rollback();
        if (!may_repeat) throw;
        return Ended::to_repeat;
    } catch (const MysqlConnectionLost&) {
        // Not committed: the server rolls back what it was doing for us.
        if (!may_repeat) throw;
        return Ended::to_repeat;
    } catch (...) {
        connection.rollback();
        throw;
    }
    connection.commit();
    return Ended::committed;
}

}  // namespace

void MysqlPool::transaction(const std::function<void(MysqlConnection&)>& work) {
    constexpr int most = 3;
    for (int attempt = 1;; ++attempt) {
        const Lease connection(*this);
        if (run_once(*connection, work, attempt < most) == Ended::committed) return;
    }
}

}  // namespace nearline::store
