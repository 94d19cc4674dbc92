#include "notification/courier.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <utility>

#include "domain/json.hpp"
#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "domain/user.hpp"
#include "runtime/log.hpp"
#include "runtime/setting_values.hpp"
#include "runtime/until_available.hpp"
#include "schema/framing.hpp"
#include "schema/prediction_record.hpp"

namespace nearline::notification {
namespace {

using Outcome = Sent::Outcome;

constexpr const char* witness = "mail letters";  // in Health, of the stream

/// What was checked when it was taken in.
Result<MailedPrediction> read_entry(const Entry& entry, const schema::JsonSchema& schema) {
    const std::string value = entry.record.value.value_or("");
    const auto frame = schema::unframe(value);
    if (!frame) return Problem{.detail = "the record has no frame"};
    const auto document = parse_json(frame->payload);
    if (!document) return document.error();
    auto prediction = prediction_from_json(schema::in_order(*document, schema));
    if (!prediction) return prediction.error();
    return MailedPrediction{entry.request_id, *std::move(prediction)};
}

/// The wait before the next try, as that of a Backoff that has failed so often.
std::chrono::milliseconds wait_after(const Backoff::Options& options, int failures) {
    Backoff backoff(options, static_cast<std::uint64_t>(now_ms()));
    constexpr int most = 64;  // by then it has long reached its longest
    for (int i = 0; i < std::min(failures, most); ++i) backoff.next();
    return backoff.next();
}

Rejection unsent(std::string class_name, std::string why) {
    return {.stage = "mail", .class_name = std::move(class_name), .message = std::move(why), .status = 422};
}

}  // namespace

Courier::Courier(const Parts& parts, CourierOptions options, std::unique_ptr<Mailer> mailer)
    : parts_(parts), options_(std::move(options)), mailer_(std::move(mailer)) {}

void Courier::cancel() noexcept {
    cut_off_.request();
    mailer_->cancel();
}

Courier::Turn Courier::work(const StopToken& stop) {
    FailingSlots::Place place(parts_.failing);
    auto claim =
        parts_.outbox.claim(options_.lease, place.is_taken() ? Outbox::Whom::anyone : Outbox::Whom::without_failures);
    if (!claim) return Turn::nothing_due;
    if (claim->failures == 0) place.give_back();
    try {
        return serve(*claim, stop);
    } catch (const LeaseLost& lost) {
        parts_.metrics.lost_leases.add();
        log::warning(lost.what(), {{"user", claim->user.to_string()}});
        return Turn::nothing_sent;
    }
}

Courier::Turn Courier::serve(Claim& claim, const StopToken& stop) {
    const auto recipient = parts_.addresses.find(claim.user);
    if (is_skipped(claim, recipient)) return Turn::nothing_sent;
    skip_from_before(claim, *recipient);
    for (int mails = 0; mails < options_.mails_in_turn && !stop.requested(); ++mails) {
        const auto mail = next_mail(claim);
        if (!mail) return mails == 0 ? Turn::nothing_sent : Turn::worked;
        const auto next = settle(claim, *mail, send(*mail, recipient->address), stop);
        if (next == Next::released) return Turn::worked;
        if (next == Next::server_away) return Turn::server_away;
    }
    parts_.outbox.release(claim, {.is_gathering = claim.count.is_gathering});
    return Turn::worked;
}

bool Courier::is_skipped(const Claim& claim, const std::optional<AddressBook::Recipient>& recipient) {
    if (recipient && recipient->wants_mail) return false;
    const auto skipped =
        parts_.outbox.skip_all(claim, recipient ? "the user has switched mail off" : "there is no such user");
    (recipient ? parts_.metrics.opted_out : parts_.metrics.unknown_user).add(static_cast<double>(skipped));
    parts_.outbox.release(claim, {});
    return true;
}

/// Off and on again before a sender looked, mail is not wanted of what was predicted until then.
void Courier::skip_from_before(const Claim& claim, const AddressBook::Recipient& recipient) {
    if (recipient.mail_since == 0) return;
    const auto skipped =
        parts_.outbox.skip_before(claim, recipient.mail_since, "the user had switched mail off when it was made");
    parts_.metrics.opted_out.add(static_cast<double>(skipped));
}

/// Nothing: the claim is released.
std::optional<Composition> Courier::next_mail(Claim& claim) {
    const auto backlog = parts_.outbox.backlog(claim, entries_to_count(options_.rules, claim.count));
    if (backlog.has_composition) return parts_.outbox.composed(claim, options_.lease);
    const auto plan = plan_mail(options_.rules, claim.count, backlog);
    switch (plan.kind) {
        case MailPlan::Kind::nothing:
            parts_.outbox.release(claim, {.is_gathering = claim.count.is_gathering});
            return std::nullopt;
        case MailPlan::Kind::wait:
            parts_.outbox.release(claim, plan.rest);
            if (plan.rest.is_strict) say_held_back(claim, plan.rest);
            return std::nullopt;
        case MailPlan::Kind::single:
        case MailPlan::Kind::digest:
            break;
    }
    claim.count = plan.count;
    const bool is_digest = plan.kind == MailPlan::Kind::digest;
    return parts_.outbox.compose(claim, plan.entries, is_digest, plan.count, options_.lease);
}

void Courier::say_held_back(const Claim& claim, const Outbox::Rest& rest) {
    parts_.metrics.held_back.add();
    log::info("a user's mail is held back by the limit",
              {{"user", claim.user.to_string()},
               {"for", setting_values::format_duration(rest.time.value_or(std::chrono::milliseconds(0)))}});
}

Sent Courier::send(const Composition& mail, const std::string& address) {
    std::vector<MailedPrediction> predictions;
    for (const Entry& entry : mail.entries) {
        auto read = read_entry(entry, parts_.schema);
        if (!read) return {Outcome::permanent, plain_words(read.error().detail)};
        predictions.push_back(*std::move(read));
    }
    if (predictions.empty()) return {Outcome::permanent, "there is nothing in it"};
    // Also what CR, LF or a comma in it would make of a command or a header.
    if (!is_email_address(address)) return {Outcome::permanent, "the user's name is no e-mail address"};
    const Letter letter = mail.is_digest ? parts_.templates.digest(predictions, address)
                                         : parts_.templates.single(predictions.front(), address);
    const Message message = write_message(mail.id, options_.from, address, mail.composed_at, letter);
    if (mail.attempts > 0) parts_.metrics.repeats.add();
    const auto start = std::chrono::steady_clock::now();
    Sent sent = mailer_->send(message);
    parts_.metrics.send_seconds.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return sent;
}

/// Forgotten, it would be sent again: a database that has gone meanwhile is waited for, as long as the lease is not
/// somebody else's, during a stop as well until it cuts off what is under way, and asked once even then.
void Courier::note_sent(const Claim& claim) {
    const auto note = [&] { parts_.outbox.finish(claim, Outbox::End::sent, ""); };
    try {
        note();
    } catch (const Unavailable& error) {
        parts_.health.down(parts_.outbox.dependency(), error.what());
        if (!until_available(parts_.health, parts_.outbox.dependency(), cut_off_, note)) {
            throw Unavailable("a mail was sent, and the database did not take it down before the stop");
        }
    }
}

Courier::Next Courier::settle(const Claim& claim, const Composition& mail, Sent sent, const StopToken& stop) {
    parts_.metrics.tried(sent.outcome).add();
    if (sent.outcome == Outcome::away) {
        // Cut off at a stop, a mail says nothing of the server.
        if (!stop.requested()) parts_.health.down(mailer_->dependency(), sent.words);
        parts_.outbox.release(claim, {.is_gathering = claim.count.is_gathering});
        return Next::server_away;
    }
    if (sent.outcome != Outcome::unknown) parts_.health.up(mailer_->dependency());
    if (sent.outcome == Outcome::sent) {
        note_sent(claim);
        parts_.metrics.predictions.add(static_cast<double>(mail.entries.size()));
        return Next::go_on;
    }
    if (sent.outcome == Outcome::permanent) return bury(claim, mail, unsent("MailRefused", sent.words));
    if (is_given_up(claim, mail)) {
        const auto time = setting_values::format_duration(options_.give_up);
        return bury(claim, mail, unsent("MailGivenUp", "given up after " + time + ": " + sent.words));
    }
    log::warning("mail is put off", {{"user", claim.user.to_string()}, {"mail", mail.id}, {"reason", sent.words}});
    put_off(claim, sent.words);
    return Next::released;
}

/// Dead only when its letters are stored: until then it is tried again.
Courier::Next Courier::bury(const Claim& claim, const Composition& mail, const Rejection& reason) {
    const std::string why = parts_.dead_letters.write(mail.entries, reason);
    if (!why.empty()) {
        parts_.health.down(options_.stream_dependency, "dead letters can't be written: " + why, witness);
        put_off(claim, "dead letters can't be written: " + plain_words(why));
        return Next::released;
    }
    parts_.health.up(options_.stream_dependency, witness);
    if (long held = 0; letter_log_.pass(held)) {
        log::warning("mail can't be sent; its predictions went to the dead letters",
                     {{"user", claim.user.to_string()},
                      {"mail", mail.id},
                      {"predictions", mail.entries.size()},
                      {"reason", reason.message},
                      {"others", held}});
    }
    parts_.outbox.finish(claim, Outbox::End::dead, reason.message);
    parts_.metrics.dead_letters.add(static_cast<double>(mail.entries.size()));
    return Next::go_on;
}

void Courier::put_off(const Claim& claim, const std::string& words) {
    parts_.outbox.put_off(claim, wait_after(options_.retry, claim.failures), words);
}

bool Courier::is_given_up(const Claim& claim, const Composition& mail) const {
    if (claim.failures + 1 < options_.least_tries) return false;
    const std::int64_t oldest_kept = now_ms() - options_.give_up.count();
    return std::all_of(mail.entries.begin(), mail.entries.end(),
                       [&](const Entry& entry) { return entry.record.timestamp < oldest_kept; });
}

}  // namespace nearline::notification
