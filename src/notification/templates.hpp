#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/prediction.hpp"
#include "notification/message.hpp"
#include "notification/text_template.hpp"

namespace nearline::notification {

/// A prediction and what it was the answer to.
struct MailedPrediction {
    Uuid request_id;
    Prediction prediction;
};

/// What mails say: the built-in templates (templates/), or the operator's in their place. Immutable.
class Templates {
public:
    /// `folder`: where the operator's are: subject.txt, text.txt and html.html, and digest-subject.txt,
    /// digest-text.txt and digest-html.html for mails with several predictions; what is missing there is
    /// built-in. `subject`: in place of any subject.txt. Throws BadTemplate.
    Templates(const std::optional<std::string>& folder, const std::optional<std::string>& subject);

    Letter single(const MailedPrediction& prediction, const std::string& address) const;
    /// Precondition: there is one.
    Letter digest(const std::vector<MailedPrediction>& predictions, const std::string& address) const;

private:
    struct Set {
        TextTemplate subject;
        TextTemplate text;
        TextTemplate html;
    };
    Set single_;
    Set digest_;
};

}  // namespace nearline::notification
