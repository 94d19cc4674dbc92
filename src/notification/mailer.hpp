#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "notification/message.hpp"

namespace nearline::notification {

/// What became of a mail.
struct Sent {
    enum class Outcome {
        sent,       ///< whoever takes mail on has it, durably
        temporary,  ///< not this recipient now (4xx, or silence once the recipient was named): later, perhaps
        permanent,  ///< not this recipient, or not this mail, ever (5xx)
        away,       ///< nothing to do with this mail: the server or the folder can't be used now
        unknown,    ///< the server had all of it and did not say: it may have been taken on
    };
    Outcome outcome = Outcome::sent;
    std::string words{};  ///< the server's, or why not; plain_words()
};

/// Brings mail on its way. For one thread at a time, but cancel() is for any. Blocks.
class Mailer {
public:
    virtual ~Mailer() = default;

    /// What /readyz calls where mail goes: "smtp", "mail folder".
    virtual std::string dependency() const = 0;

    virtual Sent send(const Message& message) = 0;

    /// Lets a send() that is under way end soon, and later ones at once.
    virtual void cancel() noexcept {}
};

/// Makes a mailer for each thread.
using MailerFactory = std::function<std::unique_ptr<Mailer>()>;

/// Removes from the folder what mailers were writing when they were killed, and nothing else; what others write at
/// the moment stays. Does nothing where there is no such folder.
void tidy_mail_folder(const std::string& folder);

/// Writes <id>.eml into the folder, each whole or not at all, readable for its owner alone; the folder is
/// made if it is missing. A mail that is sent again replaces itself.
std::unique_ptr<Mailer> make_file_mailer(const std::string& folder);

struct SmtpOptions {
    std::string host;
    int port = 0;        ///< 0: 25, and 465 where tls
    bool tls = false;    ///< from the first byte (smtps); else STARTTLS
    std::string user{};  ///< empty: no log in
    std::string password{};
    std::string ca_file{};                      ///< PEM, in place of the system's certificates
    std::chrono::milliseconds timeout{30'000};  ///< for one mail, all in all
};

/// Speaks SMTP through libcurl; its connection is kept from mail to mail. With a user, nothing is said
/// without TLS to a server whose certificate is valid; without one, TLS is taken where it is offered, and
/// the certificate is looked at where `ca_file` says by what (or smtps).
std::unique_ptr<Mailer> make_smtp_mailer(const SmtpOptions& options);

}  // namespace nearline::notification
