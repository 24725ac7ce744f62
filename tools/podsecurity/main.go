// Podsecurity says what Pod Security "restricted" has against pods, by the code that the API server runs.
//
// Standard input: a JSON array of pod specs. Standard output: a JSON array of arrays of reasons, in the same order.
// Argument: the version of the standard, like v1.35.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := judge(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func judge() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: podsecurity VERSION < PODS.json")
	}
	version, err := api.ParseVersion(os.Args[1])
	if err != nil {
		return err
	}
	var pods []corev1.PodSpec
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&pods); err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: version}
	answers := [][]string{}
	for index := range pods {
		reasons := []string{}
		for _, result := range evaluator.EvaluatePod(level, &metav1.ObjectMeta{}, &pods[index]) {
			if !result.Allowed {
				reasons = append(reasons, result.ForbiddenReason)
			}
		}
		answers = append(answers, reasons)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}
