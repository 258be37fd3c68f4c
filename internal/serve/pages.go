package serve

import (
	"context"

	"github.com/purrchat/purr/internal/chat"
	"github.com/purrchat/purr/internal/config"
	"github.com/purrchat/purr/internal/kit/outbound"
	"github.com/purrchat/purr/internal/kit/webpage"
)

// pages asks web pages what they are about; see messages.Pages.
type pages struct{ reader *webpage.Reader }

func newPages(c config.Outbound) (pages, error) {
	networks, err := outbound.ParseNetworks(c.AllowedNetworks)
	if err != nil {
		return pages{}, err
	}
	return pages{webpage.NewReader(outbound.NewGuard(networks...).Transport())}, nil
}

// Preview implements messages.Pages. Why a page has none is between the page
// and whoever made it.
func (p pages) Preview(ctx context.Context, url string) *chat.LinkPreview {
	page, err := p.reader.Read(ctx, url)
	if err != nil || page.Title == "" || page.Image == "" {
		return nil
	}
	return &chat.LinkPreview{URL: page.URL, Title: page.Title, Image: page.Image, Description: page.Description, SiteName: page.SiteName}
}
