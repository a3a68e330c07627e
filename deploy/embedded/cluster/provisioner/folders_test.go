package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const name = "pvc-0ae04e83-c99f-4cfe-9c37-d4321227a623"

func newFolders(t *testing.T) (*folders, string) {
	t.Helper()
	host := filepath.Join(t.TempDir(), "volumes")
	if err := os.Mkdir(host, 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := openFolders(host, "/node/volumes")
	if err != nil {
		t.Fatal(err)
	}
	return made, host
}

func asked(change func(*controller.ProvisionOptions)) controller.ProvisionOptions {
	reclaim := corev1.PersistentVolumeReclaimDelete
	options := controller.ProvisionOptions{
		PVName:           name,
		SelectedNodeName: "node-1",
		StorageClass:     &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "local-path"}, ReclaimPolicy: &reclaim},
		PVC: &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		}},
	}
	if change != nil {
		change(&options)
	}
	return options
}

func TestAVolumeIsMadeTwiceAndRemovedTwiceWithoutHarm(t *testing.T) {
	made, host := newFolders(t)
	for range 2 {
		volume, _, err := made.Provision(context.Background(), asked(nil))
		if err != nil {
			t.Fatal(err)
		}
		if volume.Spec.Local.Path != "/node/volumes/"+name {
			t.Errorf("the node would look at %s", volume.Spec.Local.Path)
		}
	}
	info, err := os.Stat(filepath.Join(host, name))
	if err != nil || info.Mode().Perm() != 0o777 {
		t.Fatalf("folder: %v, %v", info, err)
	}
	volume, _, _ := made.Provision(context.Background(), asked(nil))
	for range 2 {
		if err := made.Delete(context.Background(), volume); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(host, name)); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestAVolumeIsForTheNodeThatWasChosenOrForEach(t *testing.T) {
	made, _ := newFolders(t)
	for node, expected := range map[string]string{"node-1": `[{kubernetes.io/hostname In [node-1]}]`, "": `[{kubernetes.io/hostname Exists []}]`} {
		volume, _, err := made.Provision(context.Background(), asked(func(o *controller.ProvisionOptions) { o.SelectedNodeName = node }))
		if err != nil {
			t.Fatal(err)
		}
		found := fmt.Sprint(volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions)
		if found != expected {
			t.Errorf("%q: %s", node, found)
		}
	}
}

func TestRefusedClaimsSayWhatToDo(t *testing.T) {
	block := corev1.PersistentVolumeBlock
	cases := map[string]struct {
		change func(*controller.ProvisionOptions)
		says   string
	}{
		"a name that is a path":     {func(o *controller.ProvisionOptions) { o.PVName = "../etc" }, "not the name"},
		"a block device":            {func(o *controller.ProvisionOptions) { o.PVC.Spec.VolumeMode = &block }, "folders"},
		"a selector":                {func(o *controller.ProvisionOptions) { o.PVC.Spec.Selector = &metav1.LabelSelector{} }, "on demand"},
		"shared by the wrong class": {func(o *controller.ProvisionOptions) { o.PVC.Spec.AccessModes[0] = corev1.ReadWriteMany }, "local-path-shared"},
	}
	for what, each := range cases {
		t.Run(what, func(t *testing.T) {
			made, host := newFolders(t)
			_, _, err := made.Provision(context.Background(), asked(each.change))
			if err == nil || !strings.Contains(err.Error(), each.says) {
				t.Errorf("said: %v", err)
			}
			if left, _ := os.ReadDir(host); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestTheSharedClassServesManyPods(t *testing.T) {
	made, _ := newFolders(t)
	_, _, err := made.Provision(context.Background(), asked(func(o *controller.ProvisionOptions) {
		o.PVC.Spec.AccessModes[0] = corev1.ReadWriteMany
		o.StorageClass.Parameters = map[string]string{"shared": "true"}
	}))
	if err != nil {
		t.Error(err)
	}
}

func TestNothingButAFolderOfOursIsRemoved(t *testing.T) {
	made, host := newFolders(t)
	outside := filepath.Join(filepath.Dir(host), "outside")
	if err := os.MkdirAll(filepath.Join(outside, "kept"), 0o755); err != nil {
		t.Fatal(err)
	}
	volume, _, err := made.Provision(context.Background(), asked(nil))
	if err != nil {
		t.Fatal(err)
	}
	strange := []func(*corev1.PersistentVolume){
		func(v *corev1.PersistentVolume) { v.Name = "../outside" },
		func(v *corev1.PersistentVolume) { v.Spec.Local = nil },
		func(v *corev1.PersistentVolume) { v.Spec.Local.Path = "/etc" },
	}
	for _, change := range strange {
		copied := volume.DeepCopy()
		change(copied)
		var ignored *controller.IgnoredError
		if err := made.Delete(context.Background(), copied); err == nil {
			t.Errorf("removed %s at %v", copied.Name, copied.Spec.Local)
		} else if !errors.As(err, &ignored) {
			t.Errorf("not ignored: %v", err)
		}
	}
	// A pod can put a link into its folder; what it points to stays.
	if err := os.Symlink(outside, filepath.Join(host, name, "link")); err != nil {
		t.Fatal(err)
	}
	if err := made.Delete(context.Background(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(outside, "kept")); err != nil {
		t.Errorf("removed through a link: %v", err)
	}
}
