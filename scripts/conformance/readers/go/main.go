// Reads scrapes as Prometheus and its libraries do, and says what they found: one JSON object a line
// comes in, one goes out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type scrape struct {
	ContentType string `json:"contentType"`
	Text        string `json:"text"`
}

type sample struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Value  string            `json:"value"`
}

type family struct {
	Type string `json:"type"`
	Unit string `json:"unit"`
	Help string `json:"help"`
}

type reading struct {
	Reader   string            `json:"reader"`
	Error    string            `json:"error,omitempty"`
	Samples  []sample          `json:"samples"`
	Families map[string]family `json:"families"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		var given scrape
		if err == nil {
			err = json.Unmarshal(line, &given)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		readings := []reading{withTextparse(given)}
		if strings.HasPrefix(given.ContentType, "text/plain") {
			readings = append(readings, withExpfmt(given))
		}
		if err := out.Encode(readings); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// withTextparse reads as the scrape of Prometheus does.
func withTextparse(given scrape) reading {
	read := reading{Reader: "prometheus/textparse", Samples: []sample{}, Families: map[string]family{}}
	parser, err := textparse.New([]byte(given.Text), given.ContentType, nil, textparse.ParserOptions{})
	if err != nil {
		read.Error = err.Error()
		return read
	}
	change := func(name []byte, with func(*family)) {
		known := read.Families[string(name)]
		with(&known)
		read.Families[string(name)] = known
	}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return read
		}
		if err != nil {
			read.Error = err.Error()
			return read
		}
		switch entry {
		case textparse.EntryType:
			name, kind := parser.Type()
			change(name, func(f *family) { f.Type = string(kind) })
		case textparse.EntryHelp:
			name, help := parser.Help()
			change(name, func(f *family) { f.Help = string(help) })
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			change(name, func(f *family) { f.Unit = string(unit) })
		case textparse.EntrySeries:
			_, _, value := parser.Series()
			var found labels.Labels
			parser.Labels(&found)
			one := sample{Labels: map[string]string{}, Value: number(value)}
			found.Range(func(l labels.Label) {
				if l.Name == labels.MetricName {
					one.Name = l.Value
				} else {
					one.Labels[l.Name] = l.Value
				}
			})
			read.Samples = append(read.Samples, one)
		}
	}
}

// withExpfmt reads as most other programs written in Go do.
func withExpfmt(given scrape) reading {
	read := reading{Reader: "common/expfmt", Samples: []sample{}, Families: map[string]family{}}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	found, err := parser.TextToMetricFamilies(strings.NewReader(given.Text))
	if err != nil {
		read.Error = err.Error()
		return read
	}
	for name, of := range found {
		kind := strings.ToLower(of.GetType().String())
		read.Families[name] = family{Type: kind, Help: of.GetHelp()}
		for _, metric := range of.GetMetric() {
			add := func(suffix string, value float64, bound *float64) {
				one := sample{Name: name + suffix, Labels: map[string]string{}, Value: number(value)}
				for _, pair := range metric.GetLabel() {
					one.Labels[pair.GetName()] = pair.GetValue()
				}
				if bound != nil {
					one.Labels["le"] = number(*bound)
				}
				read.Samples = append(read.Samples, one)
			}
			switch of.GetType() {
			case dto.MetricType_COUNTER:
				add("", metric.GetCounter().GetValue(), nil)
			case dto.MetricType_GAUGE:
				add("", metric.GetGauge().GetValue(), nil)
			case dto.MetricType_HISTOGRAM:
				histogram := metric.GetHistogram()
				for _, bucket := range histogram.GetBucket() {
					bound := bucket.GetUpperBound()
					add("_bucket", float64(bucket.GetCumulativeCount()), &bound)
				}
				if histogram.SampleSum != nil {
					add("_sum", histogram.GetSampleSum(), nil)
				}
				if histogram.SampleCount != nil {
					add("_count", float64(histogram.GetSampleCount()), nil)
				}
			default:
				read.Error = "an unexpected type " + kind
				return read
			}
		}
	}
	return read
}

func number(value float64) string {
	return strconv.FormatFloat(value, 'g', -1, 64)
}
