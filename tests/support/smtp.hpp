#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "notification/mailer.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

/// A mail server of its own, started by tests/servers/smtp. The working directory is the repository's.
class SmtpSink {
public:
    SmtpSink() { start(); }
    ~SmtpSink();
    SmtpSink(const SmtpSink&) = delete;
    SmtpSink& operator=(const SmtpSink&) = delete;

    void start();  ///< again, on the same ports
    void kill() { run("kill"); }
    void freeze() { run("freeze"); }
    void thaw() { run("thaw"); }

    /// STARTTLS and a log in wanted.
    notification::SmtpOptions guarded() const;
    notification::SmtpOptions plain() const;
    notification::SmtpOptions smtps() const;

    /// What it has taken: from, to, message_id, tls, user, peer, answered, content.
    boost::json::array mails() const;

private:
    std::string run(const std::string& command) const;
    int port(const std::string& name) const;

    TempDir dir_;
};

}  // namespace nearline::test
