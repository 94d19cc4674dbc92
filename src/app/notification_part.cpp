#include "app/notification_part.hpp"

#include <filesystem>
#include <fstream>

#include "app/consumer_options.hpp"
#include "notification/mail_place.hpp"
#include "schema/builtin_schemas.hpp"

namespace nearline::app {

namespace {

using notification::MailPlace;
using notification::MailRules;

constexpr double second = 1'000;
constexpr double day = 24 * 3'600 * second;
constexpr std::chrono::milliseconds one_day{24 * 3'600'000L};
constexpr auto default_from = "Nearline <nearline@localhost>";

std::string check_mail(const std::string& text) {
    const auto place = MailPlace::parse(text);
    if (!place) return place.error();
    std::error_code error;
    const bool is_in_the_way = place->kind == MailPlace::Kind::file && std::filesystem::exists(place->folder, error) &&
                               !std::filesystem::is_directory(place->folder, error);
    return is_in_the_way ? place->folder + " is no folder" : "";
}

std::string check_from(const std::string& text) {
    return notification::parse_mailbox(text) ? "" : "must be address or \"name <address>\"";
}

std::string check_templates(const std::optional<std::string>& folder, const std::optional<std::string>& subject) {
    try {
        const notification::Templates loaded(folder, subject);
        return "";
    } catch (const notification::BadTemplate& e) {
        return e.what();
    }
}

/// What only the settings together can tell.
std::vector<std::string> check_together(const MailOptions& options, const TopicsOptions& topics, bool is_from_given) {
    std::vector<std::string> wrong;
    if (options.max_age > options.kept(topics)) {
        wrong.emplace_back(
            "--mail-max-age and --outbox-keep: what is forgotten must be too old to be mailed, or a replay of the "
            "topic "
            "mails it again; --outbox-keep must be no less than --mail-max-age");
    }
    const auto place = MailPlace::parse(options.mail);
    if (!place || place->kind == MailPlace::Kind::file) return wrong;
    if (place->user.empty() && options.password) {
        wrong.emplace_back("SMTP_PASSWORD: is given, but --mail names no user: smtp://user@host:port");
    }
    if (!place->user.empty() && !options.password) {
        wrong.emplace_back("SMTP_PASSWORD: is missing, the password of --mail's user");
    }
    // What was given and is wrong has been named already.
    if (!is_from_given) {
        wrong.emplace_back(
            "--mail-from: is missing; mail servers take no mail from nobody: --mail-from "
            "\"Nearline <nearline@example.com>\"");
    }
    return wrong;
}

notification::MailerFactory mailer_factory(const MailOptions& options) {
    const auto place = MailPlace::parse(options.mail);
    if (!place) throw ConfigurationError("--mail: " + place.error());
    if (place->kind == MailPlace::Kind::file) {
        notification::tidy_mail_folder(place->folder);
        return [folder = place->folder] { return notification::make_file_mailer(folder); };
    }
    notification::SmtpOptions smtp;
    smtp.host = place->host;
    smtp.port = place->port;
    smtp.tls = place->tls;
    smtp.user = place->user;
    smtp.password = options.password.value_or("");
    smtp.ca_file = options.ca_file.value_or("");
    smtp.timeout = options.timeout;
    return [smtp] { return notification::make_smtp_mailer(smtp); };
}

MailRules to_rules(const MailOptions& options) {
    MailRules rules;
    rules.mode = options.mode == "off"      ? MailRules::Mode::off
                 : options.mode == "digest" ? MailRules::Mode::digest
                                            : MailRules::Mode::every;
    rules.limit = options.limit;
    rules.digest_interval = options.digest_interval;
    rules.digest_count = static_cast<std::size_t>(options.digest_count);
    return rules;
}

notification::Service::Options service_options(Process& process, ReadyGate& ready, const MailOptions& options,
                                               const TopicsOptions& topics, const std::string& stream_name) {
    notification::Service::Options service;
    service.courier.rules = to_rules(options);
    service.courier.from = *notification::parse_mailbox(options.from.value_or(default_from));
    // A mailer that is cut off at its time-out has still to say so.
    service.courier.lease = options.timeout + std::chrono::seconds(30);
    service.courier.retry.first = options.retry;
    service.courier.give_up = options.kept(topics);
    service.courier.stream_dependency = stream_name;
    service.senders = static_cast<std::size_t>(options.senders);
    service.is_alone = options.is_alone;
    service.max_age = options.max_age;
    service.keep = options.kept(topics);
    fill_in(service.sink, "notification", topics.output_topic, topics, stream_name, process, ready);
    return service;
}

std::unique_ptr<notification::Outbox> open_outbox(const UsersOptions& users) {
    try {
        return notification::make_outbox(users.users, users.mysql_password.value_or(""));
    } catch (const std::invalid_argument& e) {
        throw ConfigurationError(std::string("--users: ") + e.what());
    }
}

}  // namespace

std::chrono::milliseconds MailOptions::kept(const TopicsOptions& topics) const {
    if (keep.count() > 0) return keep;
    return std::max(topics.retention, max_age) + one_day;
}

void declare(Settings& settings, MailOptions& options, const TopicsOptions& topics) {
    settings.group("Mail");
    settings.add(
        "--mail WHERE", "NEARLINE_MAIL", options.mail,
        "where mail goes: file:DIR (one .eml each), or smtp(s)://[user@]host:port; with a user, TLS and a valid "
        "certificate are required",
        check_mail);
    settings.secret("SMTP_PASSWORD", options.password, "password of the mail server's user");
    settings.add("--mail-ca FILE", "NEARLINE_MAIL_CA", options.ca_file,
                 "certificates (PEM) that the mail server is checked with, in place of the system's",
                 [](const std::string& file) { return std::ifstream(file) ? "" : "can't be read"; });
    settings.add("--mail-from MAILBOX", "NEARLINE_MAIL_FROM", options.from,
                 "whom mail is from, \"name <address>\"; required for smtp", check_from);
    settings.add("--mail-subject TEXT", "NEARLINE_MAIL_SUBJECT", options.subject,
                 "subject of mails with one prediction; may hold {{prediction}} and others",
                 [](const std::string& text) { return check_templates(std::nullopt, text); });
    settings.add("--mail-templates DIR", "NEARLINE_MAIL_TEMPLATES", options.templates,
                 "templates in place of the built-in ones: [digest-]subject.txt, [digest-]text.txt, [digest-]html.html",
                 [](const std::string& folder) { return check_templates(folder, std::nullopt); });
    settings.add("--mail-mode MODE", "NEARLINE_MAIL_MODE", options.mode,
                 "every: a mail for each prediction; digest: one for many; off: none",
                 one_of({"every", "digest", "off"}));
    settings.add("--mail-limit", "NEARLINE_MAIL_LIMIT", options.limit,
                 "mails to one user in an hour; what is above goes into one mail; 0: no limit", {0, 1'000'000});
    settings.add("--digest-interval", "NEARLINE_DIGEST_INTERVAL", options.digest_interval,
                 "a digest is sent so long after the first prediction in it", {second, 31 * day});
    settings.add("--digest-count", "NEARLINE_DIGEST_COUNT", options.digest_count,
                 "or as soon as it has so many predictions", {1, 1'000});
    settings.add("--mail-max-age", "NEARLINE_MAIL_MAX_AGE", options.max_age,
                 "older predictions are not mailed, when the topic is read late or again", {second, 3'650 * day});
    settings.add("--outbox-keep", "NEARLINE_OUTBOX_KEEP", options.keep,
                 "how long it is remembered what was mailed; 0: a day longer than --retention and --mail-max-age",
                 {0, 3'650 * day});
    settings.add("--mail-senders", "NEARLINE_MAIL_SENDERS", options.senders, "mails that are sent at a time", {1, 32});
    settings.add("--mail-timeout", "NEARLINE_MAIL_TIMEOUT", options.timeout, "for one mail, all in all",
                 {second, 600 * second});
    settings.add("--mail-retry", "NEARLINE_MAIL_RETRY", options.retry,
                 "wait before the next try for a user whom the mail server puts off; doubles up to an hour",
                 {100, 3'600 * second});
    settings.check(
        [&] { return check_together(options, topics, settings.source("--mail-from") != Settings::Source::none); });
}

NotificationPart::NotificationPart(Process& process, ReadyGate& ready, const MailOptions& options,
                                   const UsersOptions& users, const TopicsOptions& topics,
                                   const std::string& stream_name, stream::Stream& stream, schema::Registry& registry,
                                   auth::UserStore& store)
    : codec_(registry, {.topic = topics.output_topic, .schema = std::string(schema::iris_output())}),
      outbox_(open_outbox(users)),
      addresses_(store),
      templates_(options.templates, options.subject),
      service_({stream, codec_, *outbox_, addresses_, templates_, process.metrics, process.health},
               service_options(process, ready, options, topics, stream_name), mailer_factory(options)) {}

void NotificationPart::add_to(Lifecycle& lifecycle) {
    lifecycle.add({"notification", [this] { service_.start(); }, [this](auto deadline) { service_.drain(deadline); },
                   [this] { service_.stop(); }});
}

}  // namespace nearline::app
