#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Mail as text (RFC 5322, MIME), written without I/O. Pure functions.
namespace nearline::notification {

/// Who a mail is from: an address, and perhaps a name for people.
struct Mailbox {
    std::string name{};     ///< UTF-8, without control characters
    std::string address{};  ///< passes is_email_address
    friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

/// Reads "name <address>", "\"name\" <address>" or "address". Nothing for what is none.
std::optional<Mailbox> parse_mailbox(std::string_view text);

/// What a mail says, in UTF-8.
struct Letter {
    std::string subject;  ///< what is longer than 250 bytes is cut, and ends with "…"
    std::string text;
    std::string html;
};

/// A mail, ready to be sent.
struct Message {
    std::string id;    ///< a UUID: the same for the same mail sent again
    std::string from;  ///< the envelope's addresses, which pass is_email_address
    std::string to;
    std::string bytes;  ///< headers and body, lines of 7-bit characters that end with CRLF
};

/// Precondition: `to` passes is_email_address. `id` becomes the Message-ID, at the host of `from`; `time`
/// (ms since 1970-01-01 UTC) the Date. Whatever the letter says can add no header and no recipient.
Message write_message(const std::string& id, const Mailbox& from, const std::string& to, std::int64_t time,
                      const Letter& letter);

/// "Wed, 25 Nov 2026 04:12:11 +0000", of ms since 1970-01-01 UTC.
std::string mail_date(std::int64_t time);

/// One line of UTF-8 without control characters, of at most 500 bytes: what a mail server said, fit for a header,
/// a log and a database. Bytes that are no UTF-8 become U+FFFD, line ends and blanks one space.
std::string plain_words(std::string_view text);

}  // namespace nearline::notification
