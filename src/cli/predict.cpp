#include "cli/predict.hpp"

#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/output_file.hpp"
#include "cli/predict_desk.hpp"
#include "cli/prediction_flow.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "domain/problem.hpp"
#include "domain/uuid.hpp"
#include "http/client.hpp"

namespace nearline::cli {

namespace {

using std::chrono::steady_clock;

/// One thread's connection to the gateway.
class Worker {
public:
    Worker(const PredictOptions& options, Session& session, const StopToken& stop)
        : options_(options), session_(session), stop_(stop), client_(options.gateway_url) {}

    Outcome run(Job job) {
        if (!job.wrong.empty()) return {job, false, job.wrong};
        // The same for every try, so that a gateway that knows idempotency keys stores it once.
        const auto key = Uuid::random().to_string();
        PredictionFlow flow(steady_clock::now(), options_.timeout);
        for (auto step = flow.start();;) {
            using Kind = PredictionFlow::Step::Kind;
            if (step.kind == Kind::done) return {std::move(job), true, std::move(step.text)};
            if (step.kind == Kind::failed) {
                if (step.is_refusal && !job.texts.empty()) step.text += " (sent as text: " + job.texts + ")";
                return {std::move(job), false, std::move(step.text), std::move(step.accepted)};
            }
            if (stop_.wait_for(step.after)) {
                step = flow.give_up("stopped before its prediction came");
                continue;
            }
            try {
                if (step.kind == Kind::login) {
                    token_ = session_.renew(token_);
                    step = flow.on_login();
                } else {
                    const auto answer = send(step, job.body, key);
                    step = flow.on_answer(answer, steady_clock::now());
                }
            } catch (const Unavailable& e) {
                step = flow.on_unavailable(e.what(), steady_clock::now());
            } catch (const std::exception& e) {
                step = flow.give_up(e.what());
            }
        }
    }

private:
    http::Response send(const PredictionFlow::Step& step, const std::string& body, const std::string& key) {
        if (token_.empty()) token_ = session_.token();
        http::ClientRequest request;
        request.timeout = std::chrono::seconds(30);
        request.headers.set("Authorization", "Bearer " + token_);
        if (step.kind == PredictionFlow::Step::Kind::fetch) {
            request.target = step.text;
        } else {
            request.method = "POST";
            request.target = "/predict";
            request.headers.set("Content-Type", "application/json");
            request.headers.set("Idempotency-Key", key);
            request.body = body;
        }
        return client_.send(request);
    }

    const PredictOptions& options_;
    Session& session_;
    const StopToken& stop_;
    http::BlockingClient client_;
    std::string token_;
};

/// Threads that are joined at the end, whatever happens.
class Crew {
public:
    Crew(const PredictOptions& options, Session& session, PredictDesk& desk, const StopToken& stop) : desk_(desk) {
        const int count = options.file.empty() ? 1 : options.concurrency;
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([&options, &session, &desk, &stop] {
                Worker worker(options, session, stop);
                while (auto job = desk.take()) {
                    desk.give(worker.run(std::move(*job)));
                    if (stop.requested()) desk.stop();
                }
            });
        }
    }
    ~Crew() {
        desk_.stop();
        for (auto& thread : threads_) thread.join();
    }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

private:
    PredictDesk& desk_;
    std::vector<std::thread> threads_;
};

PredictOutput::Format format_of(const PredictOptions& options) {
    using Format = PredictOutput::Format;
    if (!options.format.empty()) return options.format == "csv" ? Format::csv : Format::jsonl;
    if (options.output.ends_with(".csv")) return Format::csv;
    if (options.output.ends_with(".jsonl") || options.output.ends_with(".ndjson")) return Format::jsonl;
    return options.file.empty() ? Format::jsonl : Format::csv;
}

/// Before anything else: a wrong password, or no gateway, is one message, not one for each observation.
void log_in(Session& session, const PredictOptions& options) {
    try {
        session.token();
    } catch (const Unavailable& away) {
        const std::string flag = options.auth_url.empty() ? "--gateway" : "--auth-url";
        throw std::runtime_error(std::string(away.what()) + "; is Nearline running there? " + flag +
                                 " says where to ask");
    }
}

/// Its output written over what is still to be read would be the end of both.
void refuse_input_as_output(const PredictOptions& options) {
    if (options.file.empty() || options.file == "-" || options.output.empty() || options.output == "-") return;
    std::error_code no_such_file;
    for (const auto& written : {options.output, options.output + ".partial"}) {
        if (!std::filesystem::equivalent(options.file, written, no_such_file)) continue;
        throw std::runtime_error(options.file +
                                 ": is the input, and would be written over; give --output another name");
    }
}

/// Asks for all of them, and writes what comes; what failed goes to `failures`.
void run_all(const PredictOptions& options, const PredictInput& input, PredictDesk& desk, Session& session,
             const StopToken& stop, PredictOutput& output, Failures& failures) {
    const Crew crew(options, session, desk, stop);
    Progress progress(input.size());
    for (long ended = 1;; ++ended) {
        const auto outcome = desk.next();
        if (!outcome) break;
        output.write(*outcome);
        if (!outcome->ok) failures.add(*outcome);
        if (!options.file.empty()) progress.update(desk.bytes_read(), ended, failures.count());
    }
    // Whoever reads the file finds its names even where nothing was predicted.
    if (!options.file.empty() && !stop.requested()) output.head(input.feature_names());
    output.flush();
}

}  // namespace

int predict(const PredictOptions& options, const StopToken& stop) {
    refuse_input_as_output(options);
    PredictInput input =
        options.file.empty() ? PredictInput(options.observation) : PredictInput(options.file, options.carry);
    Session session(options.auth_url.empty() ? options.gateway_url : options.auth_url, options.user, options.password);
    log_in(session, options);

    std::optional<OutputFile> file;
    if (!options.output.empty() && options.output != "-") file.emplace(options.output);
    PredictOutput output(file ? file->stream() : std::cout, format_of(options), options.carry);
    PredictDesk desk(input);
    Failures failures;
    run_all(options, input, desk, session, stop, output, failures);
    failures.print(std::cerr);
    const auto broken = desk.broken();
    if (!broken.empty()) std::cerr << options.file << ": " << broken << "; what comes behind it was not read\n";
    const bool is_whole = broken.empty() && !stop.requested();
    if (stop.requested()) std::cerr << "stopped before the end\n";
    if (file && is_whole) file->finish();
    if (file && !is_whole) {
        const auto place = file->leave();
        std::cerr << (place.empty() ? "nothing was predicted\n" : "what was predicted before is in " + place + "\n");
    }
    return failures.count() == 0 && is_whole ? 0 : 1;
}

}  // namespace nearline::cli
