#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace nearline::http {

/// Runs blocking or long work on a pool's thread, while the loop goes on; gives its result, or throws what
/// it threw, on the loop again. The work is never cancelled once it was posted: what it uses must outlive
/// the pool's join(), and the pool must be joined before the loop is destroyed. The pool's queue has no
/// bound: who takes work from strangers counts what is under way, and refuses.
///
/// Name the closure before the co_await expression: GCC 12 destroys a closure that is a temporary in such an
/// expression twice, and with it the strings that it captured.
///
///     const auto work = [password] { return slow_hash(password); };
///     const auto hash = co_await offload(pool, work);
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> offload(boost::asio::thread_pool& pool, F work) {
    using Value = std::invoke_result_t<F&>;
    using Slot = std::conditional_t<std::is_void_v<Value>, bool, std::optional<Value>>;
    const auto initiate = [&pool](auto handler, F job) {
        auto executor = boost::asio::get_associated_executor(handler);
        // The guard keeps the loop from running out of work while the job runs elsewhere.
        auto guard = boost::asio::make_work_guard(executor);
        boost::asio::post(
            pool, [handler = std::move(handler), job = std::move(job), guard = std::move(guard)]() mutable {
                std::exception_ptr error;
                Slot slot{};
                try {
                    if constexpr (std::is_void_v<Value>)
                        job();
                    else
                        slot.emplace(job());
                } catch (...) {
                    error = std::current_exception();
                }
                const auto target = guard.get_executor();
                boost::asio::dispatch(target, [handler = std::move(handler), guard = std::move(guard),
                                               error = std::move(error), slot = std::move(slot)]() mutable {
                    std::move(handler)(std::move(error), std::move(slot));
                });
            });
    };
    auto result = boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr, Slot)>(
        initiate, boost::asio::use_awaitable, std::move(work));
    [[maybe_unused]] auto slot = co_await std::move(result);
    if constexpr (!std::is_void_v<Value>) co_return std::move(*slot);
}

}  // namespace nearline::http
