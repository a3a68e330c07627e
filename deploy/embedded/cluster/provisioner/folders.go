package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// A volume's name is made from its claim's uid; nothing else becomes a path.
var volumeName = regexp.MustCompile(`^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// folders makes and removes one folder a volume, directly below root. The root
// is held open, so no symbolic link leads an operation out of it.
type folders struct {
	root       *os.Root
	nodeFolder string
}

func openFolders(hostFolder, nodeFolder string) (*folders, error) {
	if hostFolder == "" || nodeFolder == "" {
		return nil, errors.New("-host-folder and -node-folder are both needed")
	}
	root, err := os.OpenRoot(hostFolder)
	if err != nil {
		return nil, fmt.Errorf("open -host-folder: %w", err)
	}
	return &folders{root: root, nodeFolder: nodeFolder}, nil
}

// Provision makes the folder. Repeating it is harmless.
func (f *folders) Provision(_ context.Context, asked controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if err := f.refusal(asked); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := f.root.Mkdir(asked.PVName, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, controller.ProvisioningFinished, fmt.Errorf("make the volume's folder: %w", err)
	}
	// Mkdir's mode is cut by the umask; pods run as users that nobody knows here.
	if err := f.root.Chmod(asked.PVName, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("open the volume's folder to its pod: %w", err)
	}
	return f.volume(asked), controller.ProvisioningFinished, nil
}

// refusal says why a claim cannot be served, or nil.
func (f *folders) refusal(asked controller.ProvisionOptions) error {
	if !volumeName.MatchString(asked.PVName) {
		return fmt.Errorf("%q is not the name of a volume made for a claim", asked.PVName)
	}
	if mode := asked.PVC.Spec.VolumeMode; mode != nil && *mode != corev1.PersistentVolumeFilesystem {
		return fmt.Errorf("volumeMode %s is not to be had: these volumes are folders", *mode)
	}
	if asked.PVC.Spec.Selector != nil {
		return errors.New("a claim with a selector is not served: volumes are made on demand")
	}
	if asked.StorageClass.Parameters["shared"] == "true" {
		return nil
	}
	for _, access := range asked.PVC.Spec.AccessModes {
		if access == corev1.ReadWriteMany || access == corev1.ReadOnlyMany {
			return fmt.Errorf("access mode %s is served by class local-path-shared, not by %s", access, asked.StorageClass.Name)
		}
	}
	return nil
}

// volume is `local` rather than `hostPath`, because that honours fsGroup. Every node of
// such a cluster is this machine, so each can have it, unless one was chosen already.
func (f *folders) volume(asked controller.ProvisionOptions) *corev1.PersistentVolume {
	where := corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists}
	if asked.SelectedNodeName != "" {
		where.Operator, where.Values = corev1.NodeSelectorOpIn, []string{asked.SelectedNodeName}
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: asked.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *asked.StorageClass.ReclaimPolicy,
			AccessModes:                   asked.PVC.Spec.AccessModes,
			MountOptions:                  asked.StorageClass.MountOptions,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: asked.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: path.Join(f.nodeFolder, asked.PVName)},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{where}}},
			}},
		},
	}
}

// Delete removes the folder of a volume that this program made, and no other:
// the name must be of our form, and the volume must point to that very folder.
func (f *folders) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	source := volume.Spec.Local
	if !volumeName.MatchString(volume.Name) || source == nil || source.Path != path.Join(f.nodeFolder, volume.Name) {
		return &controller.IgnoredError{Reason: "not a folder of this provisioner"}
	}
	if err := f.root.RemoveAll(volume.Name); err != nil {
		return fmt.Errorf("remove the volume's folder: %w", err)
	}
	return nil
}
