// The volumes of an embedded cluster: for each claim of its classes a folder on
// this machine, offered as a local volume of the node that the scheduler chose,
// and removed with the claim. It watches and retries by the external-provisioner library; this file
// only joins that to the folders. It must not run twice over the same folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisionerName = "urumi.dev/local-path"

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "file with the cluster's address and our certificate")
	hostFolder := flag.String("host-folder", "", "where the folders are made, as this process sees it")
	nodeFolder := flag.String("node-folder", "", "the same place, as the node sees it")
	flag.Parse()
	if err := run(*kubeconfig, *hostFolder, *nodeFolder); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(kubeconfig, hostFolder, nodeFolder string) error {
	folders, err := openFolders(hostFolder, nodeFolder)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read -kubeconfig %s: %w", kubeconfig, err)
	}
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client from -kubeconfig %s: %w", kubeconfig, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// One process over one folder: there is nobody to elect.
	controller.NewProvisionController(ctx, client, provisionerName, folders, controller.LeaderElection(false)).Run(ctx)
	return nil
}
