#include "notification/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "domain/user.hpp"
#include "notification/mime_text.hpp"

namespace nearline::notification {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_words = 500;
/// More than any mail program shows; folded, no line gets long whatever this is.
constexpr std::size_t longest_subject = 250;
/// RFC 5322 wants lines of no more than 78 characters.
constexpr std::size_t longest_line = 76;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}

std::string two_digits(unsigned number) {
    return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

std::string from_header(const Mailbox& from) {
    if (from.name.empty()) return "From: " + from.address + "\r\n";
    const std::string name =
        is_plain_ascii(from.name) && from.name.size() < 40 ? quoted_string(from.name) : encoded_words(from.name);
    const bool is_short = name.size() + from.address.size() + 9 <= longest_line;
    return "From: " + name + (is_short ? " <" : "\r\n <") + from.address + ">\r\n";
}

std::string subject_header(const std::string& subject) {
    const std::string line = one_line(shortened_text(subject, longest_subject));
    const bool is_plain = is_plain_ascii(line) && line.size() + 9 <= longest_line && line.find("=?") == line.npos;
    return "Subject: " + (is_plain ? line : encoded_words(line)) + "\r\n";
}

std::string part(const std::string& boundary, const std::string& type, const std::string& text) {
    return "--" + boundary + "\r\nContent-Type: " + type +
           "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text) + "\r\n";
}

}  // namespace

std::optional<Mailbox> parse_mailbox(std::string_view text) {
    text = trimmed(text);
    if (has_control_characters(text)) return std::nullopt;
    Mailbox mailbox;
    const std::size_t open = text.rfind('<');
    if (open == std::string_view::npos) {
        mailbox.address = text;
    } else {
        if (!text.ends_with('>')) return std::nullopt;
        mailbox.address = text.substr(open + 1, text.size() - open - 2);
        std::string_view name = trimmed(text.substr(0, open));
        if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) {
            name = name.substr(1, name.size() - 2);
        }
        mailbox.name = name;
    }
    if (!is_email_address(mailbox.address) || mailbox.name.size() > longest_name) return std::nullopt;
    return mailbox;
}

Message write_message(const std::string& id, const Mailbox& from, const std::string& to, std::int64_t time,
                      const Letter& letter) {
    // "=_" can't be in quoted-printable text.
    const std::string boundary = "=_" + id;
    std::string bytes = from_header(from);
    bytes += "To: " + to + "\r\n";
    bytes += subject_header(letter.subject);
    bytes += "Date: " + mail_date(time) + "\r\n";
    bytes += "Message-ID: <" + id + from.address.substr(from.address.find('@')) + ">\r\n";
    // Nobody's holiday notice is to answer it.
    bytes += "Auto-Submitted: auto-generated\r\n";
    bytes += "MIME-Version: 1.0\r\n";
    bytes += "Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n\r\n";
    bytes += part(boundary, "text/plain", letter.text);
    bytes += part(boundary, "text/html", letter.html);
    bytes += "--" + boundary + "--\r\n";
    return {id, from.address, to, std::move(bytes)};
}

std::string mail_date(std::int64_t time) {
    using namespace std::chrono;
    constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds moment = floor<seconds>(sys_time<milliseconds>(milliseconds(time)));
    const sys_days day = floor<days>(moment);
    const year_month_day date(day);
    const hh_mm_ss clock(moment - day);
    std::string text(weekdays.at(weekday(day).c_encoding()));
    text += ", " + two_digits(static_cast<unsigned>(date.day())) + ' ';
    text += months.at(static_cast<unsigned>(date.month()) - 1);
    text += ' ' + std::to_string(static_cast<int>(date.year())) + ' ';
    text += two_digits(static_cast<unsigned>(clock.hours().count())) + ':';
    text += two_digits(static_cast<unsigned>(clock.minutes().count())) + ':';
    return text + two_digits(static_cast<unsigned>(clock.seconds().count())) + " +0000";
}

std::string plain_words(std::string_view text) {
    std::string words;
    for (const char c : one_line(trimmed(text))) {
        if (c != ' ' || !words.ends_with(' ')) words += c;
    }
    while (words.ends_with(' ')) words.pop_back();
    return shortened_text(words, longest_words);
}

}  // namespace nearline::notification
