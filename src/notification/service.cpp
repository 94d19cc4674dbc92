#include "notification/service.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "domain/problem.hpp"
#include "notification/failing_slots.hpp"
#include "notification/outbox_target.hpp"
#include "notification/sender_bell.hpp"
#include "notification/server_gate.hpp"
#include "runtime/log.hpp"
#include "runtime/thread_name.hpp"
#include "runtime/until_available.hpp"
#include "stream/dead_letter.hpp"

namespace nearline::notification {
namespace {

using namespace std::chrono_literals;

/// For rows of other processes, and leases that ended by themselves.
constexpr auto look_every = 5'000ms;
constexpr auto shortest_look = 20ms;
constexpr auto tidy_every = 15'000ms;
/// While something waits or comes, numbers are no older; but where so much waits that counting takes long, it takes no
/// more than a twentieth of the time.
constexpr auto count_every = 1'000ms;
constexpr int rests_per_count = 20;
constexpr int tidies_per_sweep = 4;
/// Looks at all users who are known, so not often. Longer than the hour in which a user's mails are counted.
constexpr int tidies_per_sweep_of_users = 240;
constexpr std::chrono::milliseconds shortest_rest = 2h;
/// Entries removed at a time: the outbox is used meanwhile.
constexpr std::size_t sweep_step = 500;
constexpr auto between_steps = 10ms;
constexpr auto senders_witness = "mail senders";  // in Health, of the outbox
constexpr Backoff::Options database_backoff{.first = 100ms, .most = 5'000ms};

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

class Service::Impl {
public:
    Impl(const Parts& parts, Options options, const MailerFactory& make_mailer)
        : parts_(parts),
          options_(std::move(options)),
          metrics_(parts.metrics),
          dead_letters_(parts.stream, stream::dead_letter_topic(options_.sink.topic, options_.sink.role),
                        options_.sink.producer),
          failing_(options_.senders, [this] { bell_.ring(1); }),
          gate_(options_.server_retry),
          target_(parts.outbox, parts.codec, target_options(), metrics_, parts.health),
          sink_(parts.stream, target_, options_.sink, parts.metrics, parts.health) {
        if (is_off()) return;
        const Courier::Parts courier{parts.outbox,         parts.addresses, parts.templates, dead_letters_,
                                     parts.codec.schema(), metrics_,        parts.health,    failing_};
        for (std::size_t i = 0; i < options_.senders; ++i) {
            couriers_.push_back(std::make_unique<Courier>(courier, options_.courier, make_mailer()));
        }
    }
    ~Impl() { stop(); }

    void start() {
        keeper_ = std::thread([this] { keep(); });
        sink_.start();
    }

    void drain(SteadyTime deadline) {
        stop_.request();
        bell_.end();
        sink_.drain(deadline);
        // Who still sends by then is cut off; what becomes of that mail shows when it is tried again.
        while (busy_ > 0 && now() < deadline) std::this_thread::sleep_for(shortest_look);
        for (const auto& courier : couriers_) courier->cancel();
    }

    void stop() noexcept {
        drain(now());
        sink_.stop();
        if (keeper_.joinable()) keeper_.join();
    }

private:
    OutboxTarget::Options target_options() {
        OutboxTarget::Options target;
        target.is_off = is_off();
        target.max_age = options_.max_age;
        target.retry_topic = options_.sink.retry_topic;
        target.registry_dependency = options_.registry_dependency;
        target.on_added = [this](std::size_t users) {
            has_news_ = true;
            bell_.ring(users);
        };
        return target;
    }

    void keep();
    void send(Courier& courier);
    Courier::Turn take_turn(Courier& courier);
    std::chrono::milliseconds time_to_look();
    void tidy();
    void tidy_once(int round);
    std::chrono::milliseconds count();
    void skip_everything();
    void sweep();
    void sweep_users();
    bool is_off() const noexcept { return options_.courier.rules.mode == MailRules::Mode::off; }

    const Parts parts_;
    const Options options_;
    const NotificationMetrics metrics_;
    DeadLetters dead_letters_;
    StopToken stop_;
    SenderBell bell_;
    FailingSlots failing_;
    ServerGate gate_;
    std::atomic<int> busy_ = 0;
    std::atomic<bool> has_news_ = false;  // for count()
    std::vector<std::unique_ptr<Courier>> couriers_;
    std::thread keeper_;
    OutboxTarget target_;
    stream::Sink sink_;  // last: its thread uses all the rest
};

/// Sends as soon as the outbox has its tables, whether the stream is there or not; then tidies.
void Service::Impl::keep() {
    name_this_thread("mail-keeper");
    std::vector<std::thread> senders;
    try {
        const auto prepare = [this] {
            parts_.outbox.prepare();
            if (options_.is_alone) parts_.outbox.end_leases();
            // Whoever waits may do so by settings of before.
            if (!is_off()) parts_.outbox.end_rests();
        };
        if (!until_available(parts_.health, parts_.outbox.dependency(), stop_, prepare, senders_witness)) return;
        for (const auto& courier : couriers_) {
            senders.emplace_back([this, &courier = *courier] {
                name_this_thread("mail-sender");
                send(courier);
            });
        }
        tidy();
    } catch (const std::exception& error) {
        // The sink prepares the outbox, too, and says what follows.
        log::error("nothing is mailed", {{"reason", error.what()}});
    }
    for (auto& sender : senders) sender.join();
}

void Service::Impl::send(Courier& courier) {
    Backoff backoff(database_backoff);
    while (!stop_.requested()) {
        try {
            const auto turn = take_turn(courier);
            if (backoff.failures() > 0) {
                backoff.reset();
                parts_.health.up(parts_.outbox.dependency(), senders_witness);
            }
            if (turn == Courier::Turn::nothing_due && !bell_.wait([this] { return time_to_look(); })) return;
        } catch (const Unavailable& error) {
            parts_.health.down(parts_.outbox.dependency(), error.what(), senders_witness);
            stop_.wait_for(backoff.next());
        } catch (const std::exception& error) {
            log::error("a sender failed", {{"reason", error.what()}});
            stop_.wait_for(backoff.next());
        }
    }
}

Courier::Turn Service::Impl::take_turn(Courier& courier) {
    if (!gate_.enter(now())) {
        stop_.wait_for(gate_.closed_for(now()));
        return Courier::Turn::server_away;
    }
    Courier::Turn turn = Courier::Turn::nothing_due;
    ++busy_;
    try {
        turn = courier.work(stop_);
    } catch (...) {
        --busy_;
        gate_.tried_nothing();
        throw;
    }
    --busy_;
    switch (turn) {
        case Courier::Turn::nothing_due:
            gate_.tried_nothing();
            break;
        case Courier::Turn::nothing_sent:
            gate_.tried_nothing();
            // Where one user was due, others may be, too.
            bell_.ring(1);
            break;
        case Courier::Turn::worked:
            gate_.server_answers();
            bell_.ring(1);
            break;
        case Courier::Turn::server_away:
            gate_.server_is_away(now());
            break;
    }
    return turn;
}

std::chrono::milliseconds Service::Impl::time_to_look() {
    const auto whom = failing_.has_room() ? Outbox::Whom::anyone : Outbox::Whom::without_failures;
    const auto due = parts_.outbox.next_due(whom).value_or(look_every);
    return std::clamp<std::chrono::milliseconds>(due, shortest_look, look_every);
}

void Service::Impl::tidy() {
    SteadyTime next_tidy = now();
    std::chrono::milliseconds pause = count_every;
    for (int round = 0; !stop_.requested(); stop_.wait_for(pause)) {
        try {
            if (now() >= next_tidy) {
                next_tidy = now() + tidy_every;
                tidy_once(round++);
                pause = count();
            } else if (has_news_ || metrics_.waiting.value() > 0) {
                pause = count();
            }
        } catch (const Unavailable& error) {
            log::debug("the outbox is not tidied now", {{"reason", error.what()}});
        } catch (const std::exception& error) {
            log::error("the outbox can't be tidied", {{"reason", error.what()}});
        }
    }
}

void Service::Impl::tidy_once(int round) {
    if (is_off()) skip_everything();
    if (round % tidies_per_sweep == 0) sweep();
    if (round % tidies_per_sweep_of_users == 0) sweep_users();
}

/// When to do so again.
std::chrono::milliseconds Service::Impl::count() {
    const auto begin = now();
    has_news_ = false;
    const auto totals = parts_.outbox.totals();
    metrics_.waiting.set(static_cast<double>(totals.waiting));
    metrics_.oldest_waiting_seconds.set(std::chrono::duration<double>(totals.oldest_age).count());
    return std::max(count_every, std::chrono::ceil<std::chrono::milliseconds>(rests_per_count * (now() - begin)));
}

/// What waits from a time when mail was on would go out, late, when it is on again.
void Service::Impl::skip_everything() {
    if (parts_.outbox.totals().waiting == 0) return;
    const auto skipped = parts_.outbox.skip_everything("mail is switched off");
    metrics_.switched_off.add(static_cast<double>(skipped));
    log::info("what waited to be mailed is skipped: mail is switched off", {{"predictions", skipped}});
}

void Service::Impl::sweep() {
    while (parts_.outbox.sweep(options_.keep, sweep_step) == sweep_step) {
        if (stop_.wait_for(between_steps)) return;
    }
}

/// Whoever was mailed, or was to be and is unknown or wants none, would have a row for ever.
void Service::Impl::sweep_users() {
    const auto rest = std::max(options_.keep, shortest_rest);
    while (parts_.outbox.sweep_users(rest, sweep_step) == sweep_step) {
        if (stop_.wait_for(between_steps)) return;
    }
}

Service::Service(const Parts& parts, Options options, const MailerFactory& make_mailer) {
    options.sink.role = "notification";
    impl_ = std::make_unique<Impl>(parts, std::move(options), make_mailer);
}
Service::~Service() = default;

void Service::start() {
    impl_->start();
}

void Service::drain(std::chrono::steady_clock::time_point deadline) {
    impl_->drain(deadline);
}

void Service::stop() noexcept {
    impl_->stop();
}

}  // namespace nearline::notification
