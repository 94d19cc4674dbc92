// What the model costs: a call, and a row in batches as the worker makes them.

#include "prediction/model.hpp"

#include <benchmark/benchmark.h>
#include <string_view>
#include <vector>

namespace {

void ask(benchmark::State& state) {
    const auto model = nearline::prediction::Model::load("models/iris.onnx");
    const auto rows = static_cast<std::size_t>(state.range(0));
    std::vector<float> features;
    for (std::size_t i = 0; i < rows * 4; ++i) features.push_back(0.5F + static_cast<float>(i % 13) / 2);
    std::vector<std::string_view> labels;
    for (auto unused : state) {
        static_cast<void>(unused);
        model->predict(features, labels);
        benchmark::DoNotOptimize(labels.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.counters["per_row"] = benchmark::Counter(
        static_cast<double>(rows), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(ask)->Name("model/rows")->Arg(1)->Arg(16)->Arg(256)->Arg(1024);

}  // namespace

BENCHMARK_MAIN();
